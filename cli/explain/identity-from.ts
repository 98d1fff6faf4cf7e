import type { Config } from '../../lib/config/config.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { decodeCompactJws, isJsonObject } from '../../lib/jws/compact.ts';
import type { JsonObject } from '../../lib/jws/compact.ts';

/** A person as they are described on a command line. */
export interface Description {
  /** An ID token, its claims as JSON, or nothing. */
  readonly given: string;
  readonly groups: readonly string[];
  /** `NAME=VALUE`; a value that is a number, a truth value or a list in JSON is read as such. */
  readonly claims: readonly string[];
  readonly issuer: string | undefined;
}

/**
 * The person that is described. Nothing is verified: what a token would give if it were good is the question.
 *
 * @param now epoch seconds
 * @throws {Error} what was given is neither a JWT nor a JSON object, or a claim has no `=`
 */
export function identityFrom(config: Config, description: Description, now: number): Identity {
  const claims = { ...claimsIn(description.given), ...Object.fromEntries(description.claims.map(toClaim)) };
  const named = description.issuer ?? claims['iss'];
  const issuer =
    config.issuers.find((each) => each.issuer === named) ??
    (named === undefined ? config.issuers[0] : undefined);
  const inToken = issuer === undefined ? listIn(claims['groups']) : issuer.groupsOf(claims);
  const { sub, exp } = claims;
  return {
    issuer: typeof named === 'string' ? named : (issuer?.issuer ?? ''),
    subject: typeof sub === 'string' ? sub : 'somebody',
    groups: [...new Set([...description.groups, ...inToken])],
    claims,
    expiresAt: typeof exp === 'number' ? exp : now + 3600,
  };
}

function claimsIn(given: string): JsonObject {
  if (given === '') return {};
  const claims = decodeCompactJws(given)?.claims ?? parsed(given);
  if (!isJsonObject(claims)) throw new Error('standard input is neither a JWT nor a JSON object of claims');
  return claims;
}

function toClaim(assignment: string): [string, unknown] {
  const [name = '', ...rest] = assignment.split('=');
  if (name === '' || rest.length === 0) throw new Error(`a claim is NAME=VALUE, not "${assignment}"`);
  const value = rest.join('=');
  const json = parsed(value);
  return [name, typeof json === 'number' || typeof json === 'boolean' || Array.isArray(json) ? json : value];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function listIn(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((entry) => typeof entry === 'string');
}
