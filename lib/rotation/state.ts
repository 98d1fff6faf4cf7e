/** The command of this invocation; absent for `advance`. */
export type Command = 'start' | 'emergency' | 'abort';

/** A date on the secret, kept in one of its tags, because labels have no date. */
export interface Mark {
  /** A version id; of `longest` and `shorter` a number of seconds. */
  readonly version: string;
  /** Epoch seconds. */
  readonly at: number;
}

/**
 * The dates that a rotation needs. `announced`: when a version entered the ring that the servers do not get yet; `servers`:
 * when the servers were told to hold it; `promoted`: when it became current; `aborted`: when its rotation was aborted;
 * `emergency`: when it replaced a leaked secret; `confirmed`: when an operator confirmed that servers without a fleet follow
 * it; `longest`: the longest token that may be live; `shorter`: when the configuration began to allow only tokens up to this
 * length.
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
  /** One line on what is wrong there. A problem alone stops nothing; a version that the node lacks does. */
  readonly problem?: string;
  /** How many times in a row a push of this version to it has failed; `at`: the last time, epoch seconds. */
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

/** Whether servers accepted a connection with a token of the version that they should hold; if not, the server's answer. */
export type ProbeResult =
  { readonly accepted: true } | { readonly accepted: false; readonly problem: string };

/** A labelled version. */
export interface VersionState {
  /** Epoch seconds, by the clock of Secrets Manager. */
  readonly createdAt: number;
  /** Why its value may not be a secret; such a version is never pushed and never promoted. */
  readonly problem?: string;
}

/** The input of a plan: the state of one target's secret and servers at one moment. It holds no secret text. */
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
