/** Verification and signing by fast-jwt. */

import { createSigner, createVerifier } from 'fast-jwt';
import type { DecodedJwt } from 'fast-jwt';
import { createPublicKey } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { AUDIENCE, ISSUER, JWKS_URI, KEY_ID, tokenHandler, TTL_SECONDS } from './whole-job.ts';
import type { Handler, SubjectClaims } from './whole-job.ts';

let keys: Promise<ReadonlyMap<string, string>> | undefined;

async function fetchKeys(): Promise<ReadonlyMap<string, string>> {
  const response = await fetch(JWKS_URI);
  const jwks = (await response.json()) as { keys: (JsonWebKey & { kid: string })[] };
  return new Map(
    jwks.keys.map((jwk) => [
      jwk.kid,
      createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString(),
    ]),
  );
}

/** @param cache whether it remembers the tokens that it verified */
export function fastJwtHandler(cache: boolean): Handler {
  const verify = createVerifier({
    key: async ({ header }: DecodedJwt) => {
      keys ??= fetchKeys();
      return (await keys).get(String(header['kid'])) ?? '';
    },
    cache,
    allowedIss: ISSUER,
    allowedAud: AUDIENCE,
    algorithms: ['RS256', 'ES256', 'EdDSA'],
  });
  let signer: ((claims: Record<string, unknown>) => string) | undefined;
  return tokenHandler({
    verify: (subjectToken) => verify(subjectToken) as Promise<SubjectClaims>,
    sign: (claims, secret) => {
      signer ??= createSigner({
        key: secret,
        algorithm: 'HS256',
        kid: KEY_ID,
        expiresIn: TTL_SECONDS * 1000,
      });
      return signer(claims);
    },
  });
}
