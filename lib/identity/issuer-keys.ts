import { selectKey, usableKeys } from '../jws/jwk.ts';
import type { VerificationKey } from '../jws/jwk.ts';
import type { JsonObject } from '../jws/compact.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { GetJson, Now, Within } from '../ports.ts';
import { isLoopback } from './presets/oidc.ts';
import type { Issuer } from './issuer.ts';

/** What looking for a token's key comes to. */
export type KeyLookup =
  | { readonly found: true; readonly key: VerificationKey; readonly generation: number }
  | { readonly found: false; readonly unreachable: false }
  | { readonly found: false; readonly unreachable: true; readonly retryAfterSeconds: number };

/** One issuer's public keys, kept in memory. */
export interface IssuerKeys {
  /** The key that a token's header asks for; fetches where that may help. Never rejects. */
  keyFor(header: JsonObject): Promise<KeyLookup>;
  /** A number that stands for the keys that are good at `now`; `undefined` where a fetch is due. */
  generationAt(now: number): number | undefined;
  /** Rejects with an `OAuthError` where no keys can be had. */
  ready(): Promise<void>;
}

/** What the keys of one issuer are made of. */
export interface IssuerKeysOptions {
  readonly issuer: Issuer;
  readonly getJson: GetJson;
  readonly now: Now;
  readonly within: Within;
}

/** Age at which keys are fetched again, in seconds. */
const FRESH = 600;
/** Age up to which keys serve while the provider does not answer, in seconds. */
const STALE = 24 * 3600;
/** Between two fetches that a token's unknown `kid` or a provider's failure causes, in seconds. */
const COOLDOWN = 30;
/** What one request waits for a provider at most, discovery included, in seconds. */
const PATIENCE = 3;

interface KeySet {
  readonly keys: readonly VerificationKey[];
  /** Before they were asked for, epoch seconds. */
  readonly fetchedAt: number;
  readonly generation: number;
  /** To tell a change of keys from one more fetch of the same. */
  readonly text: string;
}

/**
 * Keeps an issuer's keys: fetched when they are ten minutes old, at most once in 30 s for a `kid` that is not among them or
 * after a failure, and one fetch at a time. While the provider does not answer, the keys that are there serve for a day.
 */
export function createIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  const { now, within } = options;
  let keySet: KeySet | undefined;
  let jwksUri = options.issuer.jwksUri;
  let flight: { readonly startedAt: number; readonly done: Promise<void> } | undefined;
  /** When a fetch was last begun that did not bring what was wanted. */
  let spentAt = -Infinity;

  function age(at: number): number {
    const seconds = keySet === undefined ? Infinity : at - keySet.fetchedAt;
    return seconds < -PATIENCE ? Infinity : seconds;
  }

  async function fetchKeys(startedAt: number): Promise<void> {
    const until = startedAt + PATIENCE;
    const left = (): number => Math.max(0.001, until - now());
    jwksUri ??= await discoverJwksUri(options.issuer.issuer, options.getJson, left());
    const document = await options.getJson(jwksUri, left());
    const keys = usableKeys(document);
    if (keys.length === 0) throw new Error('the provider sent no usable key');
    const text = JSON.stringify(document);
    if (keySet !== undefined && keySet.fetchedAt > startedAt) return;
    const generation = keySet?.text === text ? keySet.generation : (keySet?.generation ?? 0) + 1;
    keySet = { keys: keySet?.text === text ? keySet.keys : keys, fetchedAt: startedAt, generation, text };
  }

  /** Joins the fetch under way or begins one; a fetch that outlived everyone who waited for it is left alone. */
  async function refresh(): Promise<void> {
    const startedAt = now();
    if (flight === undefined || Math.abs(startedAt - flight.startedAt) > PATIENCE) {
      const done = fetchKeys(startedAt)
        .catch(() => {
          spentAt = startedAt;
          // The provider may have moved its keys.
          jwksUri = options.issuer.jwksUri;
        })
        .finally(() => {
          if (flight?.done === done) flight = undefined;
        });
      flight = { startedAt, done };
    }
    await within(flight.done, PATIENCE).catch(() => {
      spentAt = startedAt;
    });
  }

  function cooldownLeft(): number {
    const left = spentAt + COOLDOWN - now();
    return left > COOLDOWN ? 0 : left;
  }

  async function keyFor(header: JsonObject): Promise<KeyLookup> {
    if (age(now()) > FRESH && cooldownLeft() <= 0) await refresh();
    const known = lookUp(header);
    if (known.found) return known;
    if (keySet === undefined || age(now()) > STALE) return unreachable();

    // An unknown kid: the provider may have new keys, but a caller may also have made it up.
    const before = keySet;
    if (cooldownLeft() > 0) return unreachable();
    const asked = now();
    if (before.fetchedAt < asked) {
      await refresh();
      spentAt = Math.max(spentAt, asked);
    }
    const again = lookUp(header);
    if (again.found) return again;
    return keySet === before ? unreachable() : { found: false, unreachable: false };
  }

  function lookUp(header: JsonObject): KeyLookup {
    const key = keySet !== undefined && age(now()) <= STALE ? selectKey(keySet.keys, header) : undefined;
    if (key === undefined || keySet === undefined) return { found: false, unreachable: false };
    return { found: true, key, generation: keySet.generation };
  }

  function unreachable(): KeyLookup {
    return { found: false, unreachable: true, retryAfterSeconds: Math.max(1, cooldownLeft()) };
  }

  return {
    keyFor,
    generationAt: (at) => (keySet !== undefined && age(at) <= FRESH ? keySet.generation : undefined),
    async ready() {
      if (age(now()) > FRESH && cooldownLeft() <= 0) await refresh();
      if (age(now()) > STALE) throw new OAuthError('issuer_unreachable', Math.max(1, cooldownLeft()));
    },
  };
}

/** Where the provider's keys are: OpenID Connect Discovery 1.0 §4. */
async function discoverJwksUri(issuer: string, getJson: GetJson, seconds: number): Promise<string> {
  const document = await getJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, seconds);
  const { issuer: named, jwks_uri: uri } = (document ?? {}) as Readonly<Record<string, unknown>>;
  // §4.3: a document of another issuer would hand its keys over to that one.
  if (named !== issuer) throw new Error('the discovery document names another issuer');
  const url = typeof uri === 'string' ? URL.parse(uri) : null;
  if (url === null || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))) {
    throw new Error('the discovery document has no https jwks_uri');
  }
  return url.href;
}
