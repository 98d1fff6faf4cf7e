/** The outside world as the pure parts see it; `lib/aws/` and `lib/node/` hold what fits these shapes. */

import type { SecretValue } from './signing-keys/secret.ts';
import type { VersionStages } from './signing-keys/labels.ts';

/** Epoch seconds, with a fraction; the wall clock, since a frozen function's own clock stands still. */
export type Now = () => number;

/** Rejects where `work` has not settled within so many seconds of now; does not cancel it. */
export type Within = <T>(work: Promise<T>, seconds: number) => Promise<T>;

/** Reads one account's secrets; never writes. Each method rejects if the service gives no valid answer. */
export interface SecretReader {
  /** The labelled versions of a secret (DescribeSecret). */
  stages(secretId: string): Promise<VersionStages>;
  /** One version's value (GetSecretValue by version id); neither text nor bytes where the version has none yet. */
  value(secretId: string, versionId: string): Promise<SecretValue>;
}

/** A random id that nobody can guess; also a legal room and session name. */
export type NewId = () => string;

/**
 * One JSON document over HTTPS (HTTP on loopback): no redirects, bounded in bytes. Rejects within so many seconds where
 * the answer is not 200 with JSON.
 */
export type GetJson = (url: string, seconds: number) => Promise<unknown>;
