/** jsonwebtoken with keys by jwks-rsa. */

import jsonwebtoken from 'jsonwebtoken';
import type { JwtPayload } from 'jsonwebtoken';
import { JwksClient } from 'jwks-rsa';
import { AUDIENCE, ISSUER, JWKS_URI, KEY_ID, tokenHandler, TTL_SECONDS } from './whole-job.ts';
import type { SubjectClaims } from './whole-job.ts';

const client = new JwksClient({ jwksUri: JWKS_URI, cache: true, rateLimit: true });

function verify(subjectToken: string): Promise<SubjectClaims> {
  return new Promise((resolve, reject) => {
    jsonwebtoken.verify(
      subjectToken,
      (header, give) => {
        client.getSigningKey(header.kid).then(
          (key) => give(null, key.getPublicKey()),
          (error: unknown) => give(error as Error),
        );
      },
      { algorithms: ['RS256', 'ES256'], issuer: ISSUER, audience: AUDIENCE },
      (error, claims) => (error ? reject(error) : resolve(claims as JwtPayload)),
    );
  });
}

export const handler = tokenHandler({
  verify,
  sign: (claims, secret) =>
    jsonwebtoken.sign(claims, secret, { algorithm: 'HS256', keyid: KEY_ID, expiresIn: TTL_SECONDS }),
});
