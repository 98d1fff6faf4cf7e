import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { JWK } from 'jose';

/** The algorithms that the local provider can sign ID tokens with: a key of each is always there. */
export const signingAlgorithms = ['RS256', 'ES256', 'EdDSA'] as const;

/** An ID token's signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1). */
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** Makes one new private key for each algorithm; the `kid` is the key's RFC 7638 thumbprint. */
export async function generateSigningKeys(): Promise<JWK[]> {
  return Promise.all(
    signingAlgorithms.map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      const jwk = await exportJWK(privateKey);
      return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg, use: 'sig' };
    }),
  );
}

/**
 * The private keys kept in a file, so that tokens stay valid over a restart. If there is no such file yet, new keys are made
 * and kept there.
 *
 * @throws {Error} if the file exists and is not a JWK Set with keys.
 */
export async function loadSigningKeys(file: string): Promise<JWK[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) {
    const keys = await generateSigningKeys();
    await saveSigningKeys(file, keys);
    return keys;
  }
  const keys = parseKeys(text);
  if (keys === undefined) throw new Error(`${file} is not a JWK Set with keys: remove it to get new keys`);
  return keys;
}

/** Keeps private keys in a file that only its owner can read, replaced in one step. */
export async function saveSigningKeys(file: string, keys: readonly JWK[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, `${JSON.stringify({ keys }, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
}

function parseKeys(text: string): JWK[] | undefined {
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown };
    return Array.isArray(keys) && keys.length > 0 ? (keys as JWK[]) : undefined;
  } catch {
    return undefined;
  }
}
