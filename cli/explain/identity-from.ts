import type { Config } from '../../lib/config/config.ts';
import { checkClaims } from '../../lib/identity/check-claims.ts';
import { findGroups, groupsIn } from '../../lib/identity/groups.ts';
import type { GroupSource } from '../../lib/identity/groups.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import type { Issuer } from '../../lib/identity/issuer.ts';
import { isServiceToken } from '../../lib/identity/service-token.ts';
import { decodeCompactJws, isJsonObject } from '../../lib/jws/compact.ts';
import type { JsonObject } from '../../lib/jws/compact.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';

/** A person as they are described on a command line. */
export interface Description {
  /** An ID token, its claims as JSON, or nothing. */
  readonly given: string;
  readonly groups: readonly string[];
  /** `NAME=VALUE`; a value that is a number, a boolean, an array or a quoted string in JSON is read as such. */
  readonly claims: readonly string[];
  readonly issuer: string | undefined;
  /** Whether it is a service, for a description without a token. */
  readonly isService?: boolean;
}

/**
 * The user that the command line describes. Nothing is verified: the result shows what a token would give if it were valid.
 *
 * @param now epoch seconds
 * @throws {Error} what was given is neither a JWT nor a JSON object, or a claim has no `=`
 */
export function identityFrom(config: Config, description: Description, now: number): Identity {
  const given = partsOf(description.given);
  const claims = { ...given.claims, ...Object.fromEntries(description.claims.map(toClaim)) };
  const named = description.issuer ?? claims['iss'];
  const issuer = issuerOf(config, named);
  const { sub, exp } = claims;
  return {
    issuer: issuer?.issuer ?? (typeof named === 'string' ? named : ''),
    subject: typeof sub === 'string' ? sub : 'somebody',
    groups: [...new Set([...description.groups, ...groupsIn(sourcesOf(issuer), claims)])],
    claims,
    expiresAt: typeof exp === 'number' ? exp : now + 3600,
    isService: description.isService === true || isService(issuer, claims),
  };
}

/**
 * What is read of a token or of its claims before any rule is: whether its issuer is configured, which claims were read for
 * groups, and whether `/token` would take it. Lines to print.
 *
 * @param now epoch seconds
 * @throws {Error} what was given is neither a JWT nor a JSON object
 */
export function explainSignIn(config: Config, given: string, now: number): readonly string[] {
  const { header, claims } = partsOf(given);
  const { iss } = claims;
  const issuer = issuerOf(config, iss);
  const name = typeof iss === 'string' ? iss : 'none';
  const isConfigured =
    issuer === undefined
      ? 'is not configured'
      : iss === undefined
        ? `is read as ${issuer.issuer}`
        : `is configured by ${issuer.preset}()`;
  const sources = sourcesOf(issuer);
  return [
    `issuer: ${name} ${isConfigured}`,
    ...(isService(issuer, claims)
      ? [`subject: a service${issuer?.services ? '' : ', and the provider’s option services names none'}`]
      : []),
    ...(sources.length === 0 ? ['groups: none, because the issuer is configured without any'] : []),
    ...sources.map((source) => {
      const found = findGroups(source, claims);
      const place = found.source === 'function' ? 'the configured function' : `the claim ${found.source}`;
      if (!found.present) return `groups: ${place} is missing`;
      return `groups: ${found.groups.join(', ') || 'none'} from ${place}`;
    }),
    ...(header === undefined ? [] : [verdictOn(config, issuer, header, claims, now)]),
  ];
}

/** Whether `/token` would take this token if its signature is good. */
function verdictOn(
  config: Config,
  issuer: Issuer | undefined,
  header: JsonObject,
  claims: JsonObject,
  now: number,
): string {
  try {
    if (issuer === undefined || claims['iss'] === undefined) throw new OAuthError('subject_token_issuer');
    checkClaims(issuer, header, claims, 'jwt', now, config.timing.clockSkew);
    return 'token: good now, if its signature is';
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return `token: refused: ${error.reason}: ${error.message}`;
  }
}

function isService(issuer: Issuer | undefined, claims: JsonObject): boolean {
  return isServiceToken(claims) || issuer?.isService?.(claims) === true;
}

function issuerOf({ issuers }: Config, iss: unknown): Issuer | undefined {
  if (iss === undefined) return issuers[0];
  return issuers.find(({ issuer, alsoIssuers }) => [issuer, ...alsoIssuers].some((each) => each === iss));
}

/** Where groups would be, for an issuer that is not configured. */
const USUAL_SOURCES: readonly GroupSource[] = [{ claim: 'groups' }];

function sourcesOf(issuer: Issuer | undefined): readonly GroupSource[] {
  return issuer?.groupSources ?? USUAL_SOURCES;
}

/** A token's header and claims, or claims alone. */
function partsOf(given: string): { readonly header?: JsonObject; readonly claims: JsonObject } {
  if (given === '') return { claims: {} };
  const jws = decodeCompactJws(given);
  if (jws !== undefined) return { header: jws.header, claims: jws.claims };
  const claims = parsed(given);
  if (!isJsonObject(claims)) throw new Error('standard input is neither a JWT nor a JSON object of claims');
  return { claims };
}

function toClaim(assignment: string): [string, unknown] {
  const [name = '', ...rest] = assignment.split('=');
  if (name === '' || rest.length === 0) throw new Error(`a claim is NAME=VALUE, not "${assignment}"`);
  const value = rest.join('=');
  const json = parsed(value);
  const isJson = Array.isArray(json) || ['number', 'boolean', 'string'].includes(typeof json);
  return [name, isJson ? json : value];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
