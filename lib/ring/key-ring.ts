import { OAuthError } from '../oauth/oauth-error.ts';
import type { Now, SecretReader, Within } from '../ports.ts';
import type { SigningAlgorithm } from '../targets/target.ts';
import { ringVersions } from './labels.ts';
import { toSigningKey } from './signing-key.ts';
import type { SigningKey } from '../jws/sign.ts';

/** The keys that sign a target's tokens: one snapshot, whole. */
export interface SigningRing {
  readonly current: SigningKey;
  /** The other live secret, while a rotation needs it. */
  readonly fallback?: SigningKey;
  /** When its labels were asked for, epoch seconds. */
  readonly readAt: number;
}

/** One target's ring, kept in memory. */
export interface KeyRing {
  /**
   * The ring to sign with, at most `maxAge` old.
   *
   * @throws {OAuthError} `secret_unavailable` or `secret_invalid`
   */
  get(): Promise<SigningRing>;
}

/** What a key ring is made of; times in seconds. */
export interface KeyRingOptions {
  readonly secret: string;
  readonly signing: SigningAlgorithm;
  /** Whether a second live secret is read too. */
  readonly withFallback: boolean;
  readonly reader: SecretReader;
  readonly now: Now;
  readonly within: Within;
  /** Age at which it is refreshed in the background. */
  readonly refreshAfter: number;
  /** Age past which it is not used. */
  readonly maxAge: number;
  /** Told of each version that is in the labels but cannot sign; never its value. */
  readonly onProblem: (problem: string) => void;
}

/** What one request waits for Secrets Manager at most, in seconds. */
const PATIENCE = 3;
/** Between two refreshes in the background of which the first failed, in seconds. */
const RETRY_AFTER = 5;

/**
 * Keeps one target's ring: refreshed in the background, one read at a time, and never used past its age, counted from
 * before its labels were asked for. A ring is whole or not used: where a part of a newer one cannot be read, the older one
 * serves while it is young enough.
 *
 * A frozen function resumes in the middle of a read, maybe much later: a read that has lasted longer than anyone would
 * wait for is left alone and begun anew.
 */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { now, within, refreshAfter, maxAge } = options;
  const keys = new Map<string, SigningKey>();
  let ring: SigningRing | undefined;
  let failure: { readonly at: number; readonly error: OAuthError } | undefined;
  let flight: { readonly startedAt: number; readonly done: Promise<void> } | undefined;

  function ageOf(snapshot: SigningRing | undefined): number {
    const age = snapshot === undefined ? Infinity : now() - snapshot.readAt;
    // A clock that was set back must not make a ring young again.
    return age < -PATIENCE ? Infinity : age;
  }

  function refresh(): Promise<void> {
    const startedAt = now();
    if (flight !== undefined && Math.abs(startedAt - flight.startedAt) <= PATIENCE) return flight.done;
    const done = readRing(options, keys, startedAt)
      .then((read) => {
        if (ring === undefined || read.readAt >= ring.readAt) ring = read;
        failure = undefined;
      })
      .catch((error: unknown) => {
        const told =
          error instanceof OAuthError
            ? error
            : new OAuthError('secret_unavailable', RETRY_AFTER, { cause: error });
        failure = { at: now(), error: told };
      })
      .finally(() => {
        if (flight?.done === done) flight = undefined;
      });
    flight = { startedAt, done };
    return done;
  }

  async function get(): Promise<SigningRing> {
    const age = ageOf(ring);
    if (age <= refreshAfter && ring !== undefined) return ring;
    if (age <= maxAge && ring !== undefined) {
      if (failure === undefined || now() - failure.at >= RETRY_AFTER) void refresh();
      return ring;
    }
    await within(refresh(), PATIENCE).catch(() => undefined);
    if (ring !== undefined && ageOf(ring) <= maxAge) return ring;
    throw failure?.error ?? new OAuthError('secret_unavailable', RETRY_AFTER);
  }

  return { get };
}

async function readRing(
  options: KeyRingOptions,
  keys: Map<string, SigningKey>,
  readAt: number,
): Promise<SigningRing> {
  const versions = ringVersions(await options.reader.stages(options.secret));
  if (versions.current === undefined) throw new OAuthError('secret_unavailable', RETRY_AFTER);
  const { pending, previous } = options.withFallback ? versions : {};
  const [current, announced] = await Promise.all([
    keyOf(options, keys, versions.current),
    pending === undefined ? undefined : keyOf(options, keys, pending),
  ]);
  if (current === undefined) throw new OAuthError('secret_invalid', RETRY_AFTER);
  const fallback = announced ?? (previous === undefined ? undefined : await keyOf(options, keys, previous));
  const live = [versions.current, versions.pending, versions.previous];
  for (const versionId of keys.keys()) if (!live.includes(versionId)) keys.delete(versionId);
  return { current, ...(fallback && { fallback }), readAt };
}

/** A version's key, made once: a version's value never changes. `undefined` where it can never sign. */
async function keyOf(
  options: KeyRingOptions,
  keys: Map<string, SigningKey>,
  versionId: string,
): Promise<SigningKey | undefined> {
  const known = keys.get(versionId);
  if (known !== undefined) return known;
  const made = toSigningKey(versionId, await options.reader.value(options.secret, versionId), options.signing);
  if (made.usable) {
    keys.set(versionId, made.key);
    return made.key;
  }
  options.onProblem(`version ${versionId} of ${options.secret} ${made.problem}`);
  return undefined;
}
