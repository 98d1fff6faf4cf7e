import {
  DisabledException,
  GetPublicKeyCommand,
  KMSInvalidStateException,
  NotFoundException,
  SignCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { createHash } from 'node:crypto';
import { importSPKI, type CryptoKey } from 'jose';
import { toRawSignature } from '../jws/ecdsa-signature.ts';
import { isKmsAlgorithm, KMS_ALGORITHMS, type KmsAlgorithm } from '../jws/kms-algorithm.ts';
import { isSoundKey } from '../jws/sound-key.ts';
import type { KmsKey } from '../signing-keys/secret.ts';
import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';

/** What KMS gets for one call, tries included, in milliseconds. */
const CALL_TIMEOUT_MS = 2900;

/** RFC 7518 §3.4. */
const ECDSA_BYTES = 64;

/** A target's keys in KMS. */
export interface KmsKeys {
  /** A version's key, or why it cannot sign; rejects if KMS does not answer, or refuses to. */
  of(versionId: string): Promise<KmsKey>;
}

/** Where a target's keys are, and what they sign with. */
export interface KmsKeysOptions {
  /** What their aliases begin with. */
  readonly keyId: string;
  readonly signing: SigningAlgorithm;
}

/** The alias of a version's key. */
export function aliasOf({ keyId }: Pick<KmsKeysOptions, 'keyId'>, versionId: string): string {
  return `${keyId}/${versionId}`;
}

/** Public keys and signatures by two calls of KMS, so that what is built of it can neither make nor end a key. */
export function createKmsKeys(client: Pick<KMSClient, 'send'>, options: KmsKeysOptions): KmsKeys {
  const { signing } = options;
  return {
    async of(versionId) {
      const KeyId = aliasOf(options, versionId);
      if (!isKmsAlgorithm(signing)) throw new TypeError(`KMS signs no ${signing} here`);
      try {
        const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId }), bounded());
        const publicKey = await publicKeyOf(PublicKey, signing);
        return publicKey === undefined
          ? { problem: `has a key in KMS that is not for ${signing}: ${KeyId}` }
          : {
              alg: signing,
              publicKey,
              sign: (input) => sign(KeyId, signing, input),
              signatureBytes: signing === 'ES256' ? ECDSA_BYTES : modulusBytesOf(publicKey),
            };
      } catch (error) {
        if (error instanceof NotFoundException) return { problem: `has no key in KMS: ${KeyId} is unknown` };
        if (error instanceof KMSInvalidStateException || error instanceof DisabledException)
          return { problem: `has a key in KMS that is not enabled: ${KeyId}` };
        throw error;
      }
    },
  };

  /** A digest, because KMS takes no longer message than 4096 bytes; and because it need not see who gets a token. */
  async function sign(KeyId: string, alg: KmsAlgorithm, input: Uint8Array): Promise<Uint8Array> {
    const { Signature } = await client.send(
      new SignCommand({
        KeyId,
        Message: createHash('sha256').update(input).digest(),
        MessageType: 'DIGEST',
        SigningAlgorithm: KMS_ALGORITHMS[alg].signsBy,
      }),
      bounded(),
    );
    const signature = Signature ?? new Uint8Array();
    return alg === 'ES256' ? toRawSignature(signature) : signature;
  }
}

/** From SubjectPublicKeyInfo (RFC 5280 §4.1.2.7); `undefined` if it is no key for this algorithm. */
async function publicKeyOf(
  spki: Uint8Array = new Uint8Array(),
  alg: KmsAlgorithm,
): Promise<CryptoKey | undefined> {
  const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(spki).toString('base64')}\n-----END PUBLIC KEY-----`;
  const key = await importSPKI(pem, alg, { extractable: true }).catch(() => undefined);
  return key !== undefined && isSoundKey(key) ? key : undefined;
}

function modulusBytesOf({ algorithm }: CryptoKey): number {
  return 'modulusLength' in algorithm ? Number(algorithm.modulusLength) / 8 : 0;
}

function bounded(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) };
}
