import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An identity provider that vouches for anybody, with real keys over HTTP. */
export interface Provider {
  readonly issuer: string;
  /** An ID token of a moderator, valid for an hour from `now` (epoch seconds). */
  idToken(subject: string, now: number): string;
  close(): Promise<void>;
}

/** Starts it on a free port of 127.0.0.1. */
export async function startProvider(audience: string): Promise<Provider> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'simulation', alg: 'ES256', use: 'sig' };
  const server = createServer(({ url }, response) => {
    const isDiscovery = url === '/.well-known/openid-configuration';
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(isDiscovery ? { issuer, jwks_uri: `${issuer}/jwks` } : { keys: [jwk] }));
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    idToken(subject, now) {
      const iat = Math.floor(now);
      const header = { alg: 'ES256', typ: 'JWT', kid: 'simulation' };
      const claims = {
        iss: issuer,
        aud: audience,
        sub: subject,
        iat,
        exp: iat + 3600,
        groups: ['moderators'],
      };
      const input = [header, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${input}.${signature.toString('base64url')}`;
    },
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}
