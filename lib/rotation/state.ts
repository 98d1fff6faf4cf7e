/** What somebody wants of this very invocation; an `advance` wants nothing. */
export type Command = 'start' | 'emergency' | 'abort';

/** A dated note on the secret, kept as one of its tags: labels carry no date of their own. */
export interface Mark {
  /** A version id; of `longest` and `shorter` a number of seconds. */
  readonly version: string;
  /** Epoch seconds. */
  readonly at: number;
}

/**
 * The dates that a rotation needs. `announced`: since when a version that is yet to reach the servers has been in the
 * ring; `servers`: since when the servers are meant to hold it; `promoted`: since when it is current; `aborted`: since
 * when it is to be given up; `emergency`: it replaced a leaked secret; `confirmed`: an operator said that servers without a
 * fleet follow it; `longest`: the longest token that may be live; `shorter`: since when the configuration allows no longer
 * ones than this.
 */
export const MARKS = [
  'announced',
  'servers',
  'promoted',
  'aborted',
  'emergency',
  'confirmed',
  'longest',
  'shorter',
] as const;
/** One of {@link MARKS}. */
export type MarkName = (typeof MARKS)[number];

/** One server, as it was last seen. */
export interface NodeState {
  readonly node: string;
  /**
   * Every version that its running server was seen to hold: by a probe of it, by its own proof, or by a reload that began
   * after the file was written and succeeded. Empty if that is not known, whatever its file says.
   */
  readonly holds: readonly string[];
  /** One line on what is wrong there. By itself it stops nothing: what a node does not hold does. */
  readonly problem?: string;
  /** The last try to bring this version to it failed, so many times in a row; `at` in epoch seconds. */
  readonly failed?: { readonly version: string; readonly at: number; readonly times: number };
  /** It has not answered the look that is still going on. */
  readonly unanswered?: true;
}

/** What nodes have to hold at one time. */
export interface Wanted {
  /** Every node has to hold these. */
  readonly required: readonly string[];
  /** In a key ring: no other ones may be there. */
  readonly allowed: readonly string[] | undefined;
}

/** A look at the servers. */
export interface Look {
  /** When its oldest evidence was collected, epoch seconds. */
  readonly at: number;
  /** When the servers have to be looked at again, epoch seconds. */
  readonly dueAt: number;
  /** Whether it was taken, or continued, in this invocation. */
  readonly fresh: boolean;
  /** What nodes had to hold at that time. */
  readonly wanted: Wanted;
  /** Every server that exists. */
  readonly nodes: readonly NodeState[];
  /** False while nodes have yet to answer. */
  readonly complete: boolean;
  /** Why the servers could not be listed. */
  readonly problem?: string;
  /** Nodes that did not hold what they should at the last complete look. */
  readonly behind: number;
  /** Complete looks in a row that found no fewer nodes behind than the one before. */
  readonly fruitless: number;
}

/** Whether servers took a connection with a token of the version that they should hold; the server's words if not. */
export type ProbeResult =
  { readonly accepted: true } | { readonly accepted: false; readonly problem: string };

/** A labelled version. */
export interface VersionState {
  /** Epoch seconds, by the clock of Secrets Manager. */
  readonly createdAt: number;
  /** Why its value may not be a secret; such a version is never pushed and never promoted. */
  readonly problem?: string;
}

/** Everything that a plan is made of: one target's secret and servers at one moment. Holds no secret. */
export interface RotationState {
  readonly command?: Command;
  /** With `start`: an operator confirms that servers without a fleet fetch their version themselves. */
  readonly serversFollow?: boolean;
  /** The secret was replaced in an emergency in this invocation. */
  readonly pushNow?: boolean;
  /** The holder of each label. */
  readonly labels: {
    readonly current?: string;
    readonly pending?: string;
    readonly previous?: string;
    /** `STREAMPASS_SERVERS`. */
    readonly servers?: string;
  };
  /** Every labelled version. */
  readonly versions: Readonly<Record<string, VersionState>>;
  readonly marks: Readonly<Partial<Record<MarkName, Mark>>>;
  /** The last look at the servers; absent if there was none yet. */
  readonly look?: Look;
  /** Absent until a probe was made in this invocation. */
  readonly probe?: ProbeResult;
}
