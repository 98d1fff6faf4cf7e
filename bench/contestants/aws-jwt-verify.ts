/** aws-jwt-verify, and jsonwebtoken to sign. */

import { JwtVerifier } from 'aws-jwt-verify';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import jsonwebtoken from 'jsonwebtoken';
import { get } from 'node:http';
import { AUDIENCE, ISSUER, JWKS_URI, KEY_ID, tokenHandler, TTL_SECONDS } from './whole-job.ts';

/** Its own fetcher knows https alone. */
const fetcher = {
  fetch: (uri: string): Promise<ArrayBuffer> =>
    new Promise((resolve, reject) => {
      get(uri, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks)).buffer));
      }).on('error', reject);
    }),
};

const verifier = JwtVerifier.create(
  { issuer: ISSUER, audience: AUDIENCE, jwksUri: JWKS_URI },
  { jwksCache: new SimpleJwksCache({ fetcher }) },
);

export const handler = tokenHandler({
  verify: (subjectToken) => verifier.verify(subjectToken),
  sign: (claims, secret) =>
    jsonwebtoken.sign(claims, secret, { algorithm: 'HS256', keyid: KEY_ID, expiresIn: TTL_SECONDS }),
});
