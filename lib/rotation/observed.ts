/** What somebody asked for in this very invocation; an `advance` asks for nothing. */
export type Asked = 'start' | 'emergency' | 'abort';

/** A dated note on the secret, kept as one of its tags: labels carry no date of their own. Epoch seconds. */
export interface Mark {
  readonly version: string;
  readonly at: number;
}

/**
 * The dates that a rotation needs. `announced`: since when a version that is yet to reach the servers has been in the
 * ring; `servers`: since when the servers are meant to hold it; `promoted`: since when it is current; `aborted`: since
 * when it is to be given up; `emergency`: it replaced a leaked secret.
 */
export const MARKS = ['announced', 'servers', 'promoted', 'aborted', 'emergency'] as const;
/** One of {@link MARKS}. */
export type MarkName = (typeof MARKS)[number];

/** One server, as it was seen in this invocation. */
export interface NodeState {
  readonly node: string;
  /** Every version whose secret this node surely accepts; empty where that is not known. */
  readonly holds: readonly string[];
  /** One line on what is wrong there. By itself it stops nothing: what a node does not hold does. */
  readonly problem?: string;
}

/** Whether servers took a connection with a token of the version that they are meant to hold; the server's words if not. */
export type ProbeResult =
  { readonly accepted: true } | { readonly accepted: false; readonly problem: string };

/** A labelled version. */
export interface ObservedVersion {
  /** Epoch seconds, by the clock of Secrets Manager. */
  readonly createdAt: number;
  /** Why its value may not be a secret; such a version is never pushed and never promoted. */
  readonly problem?: string;
}

/** Everything that a plan is made of: one target's secret and servers at one moment. */
export interface Observed {
  readonly asked?: Asked;
  /** The holder of each label. */
  readonly labels: {
    readonly current?: string;
    readonly pending?: string;
    readonly previous?: string;
    /** `STREAMPASS_SERVERS`. */
    readonly servers?: string;
  };
  /** Every labelled version. */
  readonly versions: Readonly<Record<string, ObservedVersion>>;
  readonly marks: Readonly<Partial<Record<MarkName, Mark>>>;
  /** Every server that exists now; empty for a target without servers of its own. */
  readonly nodes: readonly NodeState[];
  /** Why the servers could not be listed. */
  readonly fleetProblem?: string;
  /** Absent until a probe was made in this invocation. */
  readonly probe?: ProbeResult;
}
