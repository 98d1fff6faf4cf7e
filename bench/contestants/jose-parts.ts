/** Verification and signing by jose, as its documentation shows them. */

import { createRemoteJWKSet, jwtVerify, SignJWT } from 'jose';
import { AUDIENCE, ISSUER, JWKS_URI, KEY_ID, TTL_SECONDS } from './whole-job.ts';
import type { SubjectClaims } from './whole-job.ts';

const jwks = createRemoteJWKSet(new URL(JWKS_URI));

export async function verifyByJose(subjectToken: string): Promise<SubjectClaims> {
  const { payload } = await jwtVerify(subjectToken, jwks, {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    requiredClaims: ['sub', 'exp'],
  });
  return payload;
}

let secretBytes: Uint8Array | undefined;

export function signByJose(claims: Readonly<Record<string, string>>, secret: string): Promise<string> {
  secretBytes ??= new TextEncoder().encode(secret);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: KEY_ID })
    .setIssuedAt()
    .setExpirationTime(`${TTL_SECONDS}s`)
    .sign(secretBytes);
}
