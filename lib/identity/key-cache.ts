import { hash } from 'node:crypto';
import type { CryptoKey } from 'jose';
import type { JsonObject } from '../jws/compact.ts';
import { readProviderKeys, type ProviderKeys } from '../jws/provider-keys.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { Now, Within } from '../ports.ts';

/**
 * The result of the search for a token's key. If there is none: `no_key_fits` among the known keys; `unknown_kid`, which a
 * key set that was just fetched does not have; or `unreachable`, because the provider does not answer.
 */
export type KeyLookup =
  | { readonly found: true; readonly key: CryptoKey; readonly generation: number }
  | { readonly found: false; readonly why: 'no_key_fits' }
  | {
      readonly found: false;
      readonly why: 'unknown_kid' | 'unreachable';
      /** Until keys may be fetched again; at least 1. */
      readonly retryAfterSeconds: number;
    };

/** One issuer's public keys, kept in memory. */
export interface IssuerKeys {
  /** The key that a token's header names. Fetches keys if that may help. Never rejects. */
  keyFor(header: JsonObject): Promise<KeyLookup>;
  /** A number that identifies the keys that are valid at `now`; `undefined` if a fetch is due. */
  generationAt(now: number): number | undefined;
  /** Rejects with an `OAuthError` if no keys are available. */
  ready(): Promise<void>;
}

/** What a cache of keys is made of. */
export interface KeyCacheOptions {
  /** Asks the provider for its JWK Set; rejects where it has not answered at `until`, epoch seconds. */
  readonly fetchKeySet: (until: number) => Promise<unknown>;
  readonly now: Now;
  readonly within: Within;
  /** Told why a fetch failed. */
  readonly onProblem: (problem: string) => void;
}

/** Age at which keys are fetched again, in seconds. */
const FRESH = 600;
/** Age up to which keys serve while the provider does not answer, in seconds. */
const STALE = 24 * 3600;
/** From a fetch that failed, or that an unknown `kid` was looked for with, to the next fetch, in seconds. */
const COOLDOWN = 30;
/** What one request waits for a provider at most, in seconds. */
const PATIENCE = 3;

interface KeySet {
  readonly keys: ProviderKeys;
  /** Before they were asked for, epoch seconds. */
  readonly fetchedAt: number;
  /** The place of its fetch among all fetches. */
  readonly fetchNumber: number;
  /** Grows when the provider's answer changes. */
  readonly generation: number;
  readonly digest: string;
}

/**
 * Keeps an issuer's keys: fetched when they are ten minutes old, at most once in 30 s for a `kid` that is not among them or
 * after a failure, one fetch at a time, and one fetch a request. While the provider does not answer, the last keys are used
 * for up to a day.
 *
 * A frozen function resumes in the middle of a fetch, maybe much later: a fetch that has lasted longer than any request waits
 * is abandoned, and a new one begins.
 */
export function createKeyCache({ fetchKeySet, now, within, onProblem }: KeyCacheOptions): IssuerKeys {
  let keySet: KeySet | undefined;
  let flight: { readonly startedAt: number; readonly done: Promise<void> } | undefined;
  let fetches = 0;
  let coolsSince = -Infinity;
  let lastFetchFailed = false;

  function ageAt(at: number): number {
    const seconds = keySet === undefined ? Infinity : at - keySet.fetchedAt;
    // A clock that was set back must not make keys young again.
    return seconds < -PATIENCE ? Infinity : seconds;
  }

  function coolDown(since: number): void {
    const wasSetBack = coolsSince > now();
    coolsSince = wasSetBack ? since : Math.max(coolsSince, since);
  }

  function fail(since: number): void {
    lastFetchFailed = true;
    coolDown(since);
  }

  function cooldownLeft(): number {
    const left = coolsSince + COOLDOWN - now();
    return left > COOLDOWN ? 0 : Math.max(0, left);
  }

  async function fetchKeys(fetchedAt: number, fetchNumber: number): Promise<void> {
    const document = await fetchKeySet(fetchedAt + PATIENCE);
    const keys = await readProviderKeys(document);
    if (keys.kids.length === 0) throw new Error('it sent no JWK Set with a key that can verify signatures');
    const isOvertaken = keySet !== undefined && keySet.fetchNumber > fetchNumber;
    if (isOvertaken) return;
    const digest = hash('sha256', JSON.stringify(document));
    const isNew = keySet?.digest !== digest;
    keySet = {
      keys,
      fetchedAt,
      fetchNumber,
      generation: (keySet?.generation ?? 0) + (isNew ? 1 : 0),
      digest,
    };
  }

  /** Joins the fetch under way or begins one. Never rejects. */
  async function refresh(): Promise<void> {
    const asked = now();
    if (flight === undefined || Math.abs(asked - flight.startedAt) > PATIENCE) {
      fetches += 1;
      const done = fetchKeys(asked, fetches)
        .then(() => {
          lastFetchFailed = false;
        })
        .catch((error: unknown) => {
          fail(asked);
          onProblem(error instanceof Error ? error.message : 'the fetch failed');
        })
        .finally(() => {
          if (flight?.done === done) flight = undefined;
        });
      flight = { startedAt: asked, done };
    }
    await within(flight.done, PATIENCE).catch(() => fail(asked));
  }

  /** Whether there was a fetch to wait for. */
  async function refreshIfDue(): Promise<boolean> {
    const isDue = ageAt(now()) > FRESH && cooldownLeft() === 0;
    if (isDue) await refresh();
    return isDue;
  }

  function notFound(why: 'unknown_kid' | 'unreachable'): KeyLookup {
    return { found: false, why, retryAfterSeconds: Math.max(1, Math.ceil(cooldownLeft())) };
  }

  /** `undefined` if a newer key set might have the key that the header names. */
  async function lookUp(header: JsonObject): Promise<KeyLookup | undefined> {
    if (keySet === undefined || ageAt(now()) > STALE) return undefined;
    const { keys, generation } = keySet;
    const key = await keys.find(header);
    if (key === 'unknown_kid') return undefined;
    return key === undefined ? { found: false, why: 'no_key_fits' } : { found: true, key, generation };
  }

  async function keyFor(header: JsonObject): Promise<KeyLookup> {
    const asked = now();
    const before = keySet;
    const hasFetched = await refreshIfDue();
    const known = await lookUp(header);
    if (known !== undefined) return known;
    // The provider may have new keys, but a caller may also have made the kid up.
    if (!hasFetched && cooldownLeft() > 0) return notFound(lastFetchFailed ? 'unreachable' : 'unknown_kid');
    if (!hasFetched) await refresh();
    if (keySet === before) return notFound('unreachable');
    coolDown(asked);
    return (await lookUp(header)) ?? notFound('unknown_kid');
  }

  return {
    keyFor,
    generationAt: (at) => (ageAt(at) <= FRESH ? keySet?.generation : undefined),
    async ready() {
      await refreshIfDue();
      if (ageAt(now()) > STALE)
        throw new OAuthError('issuer_unreachable', Math.max(1, Math.ceil(cooldownLeft())));
    },
  };
}
