import { VERIFICATION_ALGORITHMS } from './algorithms.ts';
import type { JsonObject } from './compact.ts';

/**
 * Whether a header has `crit` (RFC 7515 §4.1.11) or `b64` (RFC 7797 §3), which change how a token must be read. Tokens with
 * either are refused.
 */
export function makesDemands(header: object): boolean {
  return Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64');
}

/**
 * Why a token with this header is refused before its key is looked for; `undefined` if it is not. Members by which a token
 * names its own key (`jwk`, `jku`, `x5u`, `x5c`) are ignored and never fetched: keys come from the issuer alone.
 */
export function headerProblem(
  header: JsonObject,
): 'subject_token_algorithm' | 'subject_token_header' | undefined {
  const { alg, kid } = header;
  if (typeof alg !== 'string' || !VERIFICATION_ALGORITHMS.has(alg)) return 'subject_token_algorithm';
  if (kid !== undefined && typeof kid !== 'string') return 'subject_token_header';
  return makesDemands(header) ? 'subject_token_header' : undefined;
}
