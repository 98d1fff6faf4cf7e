import { createPrivateKey, createPublicKey, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import type { JsonWebKey, KeyObject, SigningOptions } from 'node:crypto';
import { constants, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The audience that the tests' configuration expects. */
export const AUDIENCE = 'streampass-tests';

/** Keys by `kid`; the attacker's are published nowhere. */
export interface SigningKeys {
  readonly rsa: KeyObject;
  readonly p256: KeyObject;
  readonly p384: KeyObject;
  readonly ed25519: KeyObject;
  readonly attacker: KeyObject;
}

/** A provider on loopback: discovery, a JWK Set, and the private keys to sign whatever a test wants. */
export interface TokenIssuer {
  readonly issuer: string;
  readonly keys: SigningKeys;
  /** How often its JWK Set was fetched. */
  jwksFetches(): number;
  close(): Promise<void>;
}

/** Text or bytes of a token's part before it is encoded; anything else is written as JSON. */
export type Part = string | Buffer | Readonly<Record<string, unknown>>;

const privateKeyOf = ({ privateKey }: { privateKey: KeyObject }): KeyObject => privateKey;

/** Starts a provider whose keys are made anew. */
export async function startTokenIssuer(): Promise<TokenIssuer> {
  const keys: SigningKeys = {
    rsa: privateKeyOf(generateKeyPairSync('rsa', { modulusLength: 2048 })),
    p256: privateKeyOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    p384: privateKeyOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
    ed25519: privateKeyOf(generateKeyPairSync('ed25519')),
    attacker: privateKeyOf(generateKeyPairSync('rsa', { modulusLength: 2048 })),
  };
  const published = (['rsa', 'p256', 'p384', 'ed25519'] as const).map((kid) => ({
    ...publicJwk(keys[kid]),
    kid,
    use: 'sig',
  }));
  let fetches = 0;
  const server = createServer((request, response) => {
    const isKeys = request.url === '/jwks';
    if (isKeys) fetches += 1;
    const discovery = { issuer: issuer(), jwks_uri: `${issuer()}/jwks` };
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(isKeys ? { keys: published } : discovery));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer: issuer(),
    keys,
    jwksFetches: () => fetches,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The public half of a key as a JWK. */
export function publicJwk(key: KeyObject): JsonWebKey {
  return createPublicKey(key).export({ format: 'jwk' });
}

/** Base64url of a part. */
export function encode(part: Part): string {
  const isRaw = typeof part === 'string' || Buffer.isBuffer(part);
  return Buffer.from(isRaw ? part : JSON.stringify(part)).toString('base64url');
}

/** A compact JWS of any header and payload, signed by what `signer` does to the signing input. */
export function compact(header: Part, payload: Part, signer: (input: Buffer) => Buffer): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${signer(Buffer.from(input)).toString('base64url')}`;
}

/** Signs with a private key as an algorithm does; RS256 unless told. */
export function by(
  key: KeyObject,
  hash: string | null = 'sha256',
  options: SigningOptions = {},
): (input: Buffer) => Buffer {
  return (input) => signBytes(hash, input, { key, ...options });
}

/** Padding of PS256. */
export const PSS: SigningOptions = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
};

/** Encoding of a JWS signature by an elliptic curve. */
export const CONCATENATED: SigningOptions = { dsaEncoding: 'ieee-p1363' };

/** Signs with a shared secret, which no subject token may be. */
export function byHmac(secret: string | Buffer, hash = 'sha256'): (input: Buffer) => Buffer {
  return (input) => createHmac(hash, secret).update(input).digest();
}

/** The public key as the text that an attacker would take for a shared secret. */
export function publicPem(key: KeyObject): string {
  return String(
    createPublicKey(createPrivateKey(key.export({ format: 'pem', type: 'pkcs8' }))).export({
      format: 'pem',
      type: 'spki',
    }),
  );
}
