import { VERIFICATION_ALGORITHMS } from './algorithms.ts';
import type { JsonObject } from './compact.ts';

/**
 * Members by which a token names its own key, or demands that something be understood (RFC 7515 §4.1). No provider sends
 * them in an ID token, and a key named by the token itself proves nothing.
 */
export const REFUSED_MEMBERS: readonly string[] = ['crit', 'b64', 'jwk', 'jku', 'x5u', 'x5c'];

/** Why a token with this header is refused before its key is looked for; `undefined` where it is not. */
export function headerProblem(
  header: JsonObject,
): 'subject_token_algorithm' | 'subject_token_header' | undefined {
  const { alg, kid } = header;
  if (typeof alg !== 'string' || !VERIFICATION_ALGORITHMS.has(alg)) return 'subject_token_algorithm';
  if (kid !== undefined && typeof kid !== 'string') return 'subject_token_header';
  return REFUSED_MEMBERS.some((member) => Object.hasOwn(header, member)) ? 'subject_token_header' : undefined;
}
