import { isJsonObject } from '../jws/compact.ts';
import type { GetJson, Now, Within } from '../ports.ts';
import type { Issuer } from './issuer.ts';
import { createKeyCache } from './key-cache.ts';
import type { IssuerKeys } from './key-cache.ts';
import { isLoopback } from '../oauth/loopback.ts';

export type { IssuerKeys } from './key-cache.ts';

/** What is needed to fetch the keys of one issuer. */
export interface IssuerKeysOptions {
  readonly issuer: Issuer;
  readonly getJson: GetJson;
  readonly now: Now;
  readonly within: Within;
  /** Told why keys could not be fetched. */
  readonly onProblem: (problem: string) => void;
}

/** How long a discovered address is used, in seconds. */
const DISCOVERY_AGE = 3600;

/**
 * An issuer's keys, from its `jwksUris` or, where it has none, from where its discovery document says they are; that is read
 * again after an hour and after a failure, because keys may move. Nothing is fetched before the first use.
 */
export function createIssuerKeys({ issuer, getJson, now, within, onProblem }: IssuerKeysOptions): IssuerKeys {
  let discovered: { readonly uri: string; readonly at: number } | undefined;

  async function fetchKeySet(until: number): Promise<unknown> {
    const asked = now();
    const secondsLeft = (): number => Math.max(0.001, until - now());
    if (issuer.jwksUris.length > 0) return fetchAll(issuer.jwksUris, (uri) => getJson(uri, secondsLeft()));
    const known =
      discovered !== undefined && Math.abs(asked - discovered.at) < DISCOVERY_AGE ? discovered : undefined;
    discovered = undefined;
    const { uri, at } = known ?? {
      uri: await discoverJwksUri(issuer.issuer, getJson, secondsLeft()),
      at: asked,
    };
    const document = await getJson(uri, secondsLeft());
    discovered = { uri, at };
    return document;
  }

  return createKeyCache({ fetchKeySet, now, within, onProblem });
}

/** The keys of one address, or of all that answer: a provider may have some of them in a place that not everyone has. */
async function fetchAll(
  uris: readonly string[],
  fetchFrom: (uri: string) => Promise<unknown>,
): Promise<unknown> {
  const outcomes = await Promise.allSettled(uris.map(fetchFrom));
  const documents = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (documents.length === 0) throw failed?.reason;
  const [first] = documents;
  if (documents.length === 1) return first;
  const keys = documents.flatMap((document) =>
    isJsonObject(document) && Array.isArray(document['keys']) ? (document['keys'] as unknown[]) : [],
  );
  return { keys };
}

/** Where a provider's keys are: OpenID Connect Discovery 1.0 §4. */
async function discoverJwksUri(issuer: string, getJson: GetJson, seconds: number): Promise<string> {
  // §4.1: a slash at the end of the issuer is left out.
  const document = await getJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, seconds);
  const { issuer: named, jwks_uri: uri } = isJsonObject(document) ? document : {};
  // §4.3: a document of another issuer would hand its keys over to that one.
  if (named !== issuer) throw new Error('its discovery document names another issuer');
  const url = typeof uri === 'string' ? URL.parse(uri) : null;
  if (
    url === null ||
    !(
      url.protocol === 'https:' ||
      (issuer.startsWith('http:') && url.protocol === 'http:' && isLoopback(url.hostname))
    )
  ) {
    throw new Error('its discovery document has no https jwks_uri');
  }
  return url.href;
}
