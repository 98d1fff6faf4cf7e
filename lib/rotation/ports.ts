import type { SERVERS_LABEL, AwsLabel, VersionStages } from '../signing-keys/labels.ts';
import type { KmsKey, SecretValue } from '../signing-keys/secret.ts';
import type { NodeState, ProbeResult } from './state.ts';

/** One DescribeSecret answer. */
export interface SecretDescription {
  readonly arn: string;
  readonly stages: VersionStages;
  readonly tags: Readonly<Record<string, string>>;
}

/** A label that a rotation moves. */
export type RotationLabel = AwsLabel | typeof SERVERS_LABEL;

/**
 * Secrets Manager as a rotation needs it. Every method rejects where the service could not be asked or refused for
 * another reason than those named; a write that rejected may have happened all the same.
 */
export interface RotationSecrets {
  describe(secret: string): Promise<SecretDescription>;
  /** The value and its date (epoch seconds); `undefined` for a version that has no value. */
  value(
    arn: string,
    versionId: string,
  ): Promise<{ readonly value: SecretValue; readonly createdAt: number } | undefined>;
  /** Every version and its labels, those without any included. */
  versions(arn: string): Promise<VersionStages>;
  /** Makes a version with exactly this id; `exists` where there is one already, of whatever value. */
  put(
    arn: string,
    versionId: string,
    text: string,
    labels: readonly RotationLabel[],
  ): Promise<'made' | 'exists'>;
  /** Compare and swap: `lost` where the label is not on `from` (or, without `from`, on any version) any more. */
  moveLabel(
    arn: string,
    label: RotationLabel,
    move: { readonly from: string | undefined; readonly to: string | undefined },
  ): Promise<'moved' | 'lost'>;
  tag(arn: string, key: string, value: string): Promise<void>;
  untag(arn: string, key: string): Promise<void>;
}

/** A version that servers may hold, with its secret: never logged, never part of a report. */
export interface ServerSecret {
  readonly versionId: string;
  readonly text: string;
  /** In place of the text, if KMS holds the key: no server has it either. */
  readonly kms?: KmsKey;
}

/** What the servers of one target were found to hold. */
export interface FleetState {
  /** Every server that exists now. */
  readonly nodes: readonly NodeState[];
  /** When the oldest of this was collected, epoch seconds; default: just now. */
  readonly at?: number;
  /** False while nodes have yet to answer: the next look continues this one. Default true. */
  readonly complete?: boolean;
  /** Why they could not all be listed. */
  readonly problem?: string;
}

/** How nodes are brought to a version. */
export interface Push {
  /** More failures than this end it, so that a secret that servers do not come back with reaches no further; `Infinity` in an emergency. */
  readonly failuresAllowed: number;
  /** Epoch seconds. */
  readonly now: number;
}

/** The servers of one target. No method rejects for what is wrong at one node: that is the node's `problem`. */
export interface Servers {
  /**
   * Every server that exists now, and which of these versions it holds.
   *
   * @param look `since`: evidence that is older than this (epoch seconds) does not count; default 0
   */
  observe(
    secretArn: string,
    versions: readonly ServerSecret[],
    look?: { readonly since: number },
  ): Promise<FleetState>;
  /**
   * Brings nodes to these versions: for servers that hold one secret, that one; else the whole ring. Safe to repeat.
   * Resolves with the state of the nodes it touched, as far as it is known by then.
   *
   * @param push default: ends at the first failure
   */
  apply(
    secretArn: string,
    versions: readonly ServerSecret[],
    nodes: readonly string[] | 'all',
    push?: Push,
  ): Promise<readonly NodeState[]>;
  /** Tries a short-lived token of this version on the addresses in the configuration. */
  probe(version: ServerSecret): Promise<ProbeResult>;
}

/** New secrets, from the outside's randomness. */
export interface SecretMaker {
  /** The text of a new version's value. */
  make(): string | Promise<string>;
}
