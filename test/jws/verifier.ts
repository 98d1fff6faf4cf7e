import { constants, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunction } from '../../build/bundle.ts';
import { decodeJws } from '../../lib/jws/compact.ts';
import { headerProblem } from '../../lib/jws/header.ts';
import { readProviderKeys, type ProviderKeys } from '../../lib/jws/provider-keys.ts';
import { ROOT } from '../support/project.ts';

/** `lib/jws/verify.ts` as it ships: bundled, so that `node:crypto` answers in the place of Web Crypto. */
async function bundledVerifier(): Promise<typeof import('../../lib/jws/verify.ts')> {
  const folder = await mkdtemp(join(tmpdir(), 'streampass-verifier-'));
  try {
    const file = join(folder, 'verify.mjs');
    const config = join(ROOT, 'test/support/streampass.config.ts');
    await bundleFunction(join(ROOT, 'lib/jws/verify.ts'), file, config);
    return (await import(file)) as typeof import('../../lib/jws/verify.ts');
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const { hasValidSignature } = await bundledVerifier();

/** Whether the verifier that ships accepts this JWS under these published keys: form, header, key, signature. */
export async function acceptsUnder(keys: ProviderKeys, token: string): Promise<boolean> {
  const jws = decodeJws(token);
  if (jws === undefined || headerProblem(jws.header) !== undefined) return false;
  const key = await keys.find(jws.header);
  return typeof key === 'object' && hasValidSignature(token, key, String(jws.header['alg']));
}

/** The same with keys as they are published. */
export async function accepts(token: string, ...jwks: readonly object[]): Promise<boolean> {
  return acceptsUnder(await readProviderKeys({ keys: jwks }), token);
}

/** How `node:crypto` signs with each algorithm: an implementation beside the one under test. */
const HASH: Readonly<Record<string, string | null>> = {
  RS256: 'sha256',
  RS384: 'sha384',
  RS512: 'sha512',
  PS256: 'sha256',
  PS384: 'sha384',
  PS512: 'sha512',
  ES256: 'sha256',
  ES384: 'sha384',
  ES512: 'sha512',
  EdDSA: null,
  Ed25519: null,
};

/** The signature of a JWS's first two parts, by `node:crypto`. */
export function signatureBy(alg: string, key: KeyObject, signingInput: string): Buffer {
  const hash = HASH[alg];
  if (hash === undefined) throw new TypeError(`no algorithm ${alg}`);
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  const options = alg.startsWith('PS') ? pss : { dsaEncoding: 'ieee-p1363' as const };
  return sign(hash, Buffer.from(signingInput, 'latin1'), { key, ...options });
}

/** A compact JWS of these two parts, also of nonsense. */
export function signedBy(alg: string, key: KeyObject, header: string, payload: string): string {
  const input = [header, payload].map((part) => Buffer.from(part, 'utf8').toString('base64url')).join('.');
  return `${input}.${signatureBy(alg, key, input).toString('base64url')}`;
}
