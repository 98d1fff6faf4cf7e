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
 * Secrets Manager as a rotation needs it. A method rejects if the service could not be asked, or refused for a reason that is
 * not named here. A write that rejected may still have happened.
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
  /** Makes a version with exactly this id; `exists` if there is one already, whatever its value is. */
  put(
    arn: string,
    versionId: string,
    text: string,
    labels: readonly RotationLabel[],
  ): Promise<'made' | 'exists'>;
  /** Compare and swap: `lost` if the label is no longer on `from` (without `from`: if any version has it). */
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
  /** Set instead of the text if KMS holds the key. Servers have it only if it is a shared secret. */
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

/** How a version is pushed to nodes. */
export interface Push {
  /**
   * More failures than this stop the push, so that a secret that breaks servers does not reach the rest; `Infinity` in an
   * emergency.
   */
  readonly failuresAllowed: number;
  /** Epoch seconds. */
  readonly now: number;
}

/** The servers of one target. A fault of one node is that node's `problem` and makes no method reject. */
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
   * Gives nodes these versions: one version to servers that hold one secret, the whole ring to others. Safe to repeat.
   * Resolves with the state of the nodes it touched, as far as it is known then.
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

/** Makes new secrets. The randomness is passed in. */
export interface SecretMaker {
  /** The text of a new version's value. */
  make(): string | Promise<string>;
}
