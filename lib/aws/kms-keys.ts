import {
  DescribeKeyCommand,
  DisabledException,
  GenerateMacCommand,
  GetPublicKeyCommand,
  InvalidKeyUsageException,
  KMSInvalidMacException,
  KMSInvalidStateException,
  NotFoundException,
  SignCommand,
  UnsupportedOperationException,
  VerifyMacCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { createHash } from 'node:crypto';
import { importSPKI, type CryptoKey } from 'jose';
import { toRawSignature } from '../jws/ecdsa-signature.ts';
import { decodeJws } from '../jws/compact.ts';
import { makesDemands } from '../jws/header.ts';
import { isKmsAlgorithm, KMS_ALGORITHMS, type KmsAlgorithm } from '../jws/kms-algorithm.ts';
import { isSoundKey } from '../jws/sound-key.ts';
import type { KmsKey } from '../signing-keys/secret.ts';
import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';

/** What KMS gets for one call, tries included, in milliseconds. */
const CALL_TIMEOUT_MS = 2900;

/** RFC 7518 §3.4 and §3.2. */
const ECDSA_BYTES = 64;
const HMAC_BYTES = 32;

/** What KMS makes a MAC of at most, in bytes (KMS API reference, GenerateMac). */
export const LONGEST_MAC_INPUT = 4096;

type PublicKeyAlgorithm = Exclude<KmsAlgorithm, 'HS256'>;

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

/** What the description of a shared secret's key ends with. */
export function fingerprintNote(fingerprint: string): string {
  return `; fingerprint ${fingerprint}`;
}

/** Keys and signatures by calls of KMS that can neither make nor end a key. */
export function createKmsKeys(client: Pick<KMSClient, 'send'>, options: KmsKeysOptions): KmsKeys {
  const { signing } = options;
  return {
    async of(versionId) {
      const KeyId = aliasOf(options, versionId);
      if (!isKmsAlgorithm(signing)) throw new TypeError(`KMS signs no ${signing} here`);
      try {
        if (signing === 'HS256') return await sharedSecret(KeyId);
        const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId }), bounded());
        const publicKey = await publicKeyOf(PublicKey, signing);
        return publicKey === undefined
          ? isForOthers(KeyId)
          : {
              alg: signing,
              publicKey,
              sign: (input) => sign(KeyId, signing, input),
              signatureBytes: signing === 'ES256' ? ECDSA_BYTES : modulusBytesOf(publicKey),
            };
      } catch (error) {
        if (error instanceof NotFoundException) return { problem: `has no key in KMS: ${KeyId} is unknown` };
        if (error instanceof KMSInvalidStateException || error instanceof DisabledException)
          return isNotEnabled(KeyId);
        if (error instanceof InvalidKeyUsageException || error instanceof UnsupportedOperationException)
          return isForOthers(KeyId);
        throw error;
      }
    },
  };

  function isForOthers(KeyId: string): { readonly problem: string } {
    return { problem: `has a key in KMS that is not for ${signing}: ${KeyId}` };
  }

  function isNotEnabled(KeyId: string): { readonly problem: string } {
    return { problem: `has a key in KMS that is not enabled: ${KeyId}` };
  }

  async function sharedSecret(KeyId: string): Promise<KmsKey> {
    const { keySpec, signsBy: MacAlgorithm } = KMS_ALGORITHMS.HS256;
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId }), bounded());
    if (KeyMetadata?.KeySpec !== keySpec) return isForOthers(KeyId);
    if (KeyMetadata.KeyState !== 'Enabled') return isNotEnabled(KeyId);
    const [, fingerprint] = /; fingerprint ([0-9a-f]{16})$/.exec(KeyMetadata.Description ?? '') ?? [];
    return {
      alg: 'HS256',
      signatureBytes: HMAC_BYTES,
      ...(fingerprint !== undefined && { fingerprint }),
      async sign(Message) {
        const { Mac } = await client.send(
          new GenerateMacCommand({ KeyId, Message, MacAlgorithm }),
          bounded(),
        );
        return Mac ?? new Uint8Array();
      },
      async verify(token) {
        const { header = {}, signingInput = '', signature: Mac } = decodeJws(token) ?? {};
        const Message = Buffer.from(signingInput);
        const isOfThis = header['alg'] === 'HS256' && !makesDemands(header) && Mac?.length === HMAC_BYTES;
        if (!isOfThis || Message.length > LONGEST_MAC_INPUT) return false;
        try {
          const command = new VerifyMacCommand({ KeyId, Message, Mac, MacAlgorithm });
          return (await client.send(command, bounded())).MacValid === true;
        } catch (error) {
          if (error instanceof KMSInvalidMacException) return false;
          throw error;
        }
      },
    };
  }

  /** A digest, because KMS takes no longer message than 4096 bytes; and because it need not see who gets a token. */
  async function sign(KeyId: string, alg: PublicKeyAlgorithm, input: Uint8Array): Promise<Uint8Array> {
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
  alg: PublicKeyAlgorithm,
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
