import type { SigningAlgorithm } from './signing-algorithm.ts';

/**
 * The algorithms that AWS KMS signs with for us: what its keys are called, where they are made, and what they sign with. The
 * servers need the text of a shared secret, so it is made here and imported.
 *
 * @see AWS KMS API reference, CreateKey (`KeySpec`, `KeyUsage`, `Origin`), Sign (`SigningAlgorithm`) and GenerateMac
 *   (`MacAlgorithm`)
 */
export const KMS_ALGORITHMS = {
  ES256: {
    keySpec: 'ECC_NIST_P256',
    keyUsage: 'SIGN_VERIFY',
    origin: 'AWS_KMS',
    signsBy: 'ECDSA_SHA_256',
  },
  RS256: {
    keySpec: 'RSA_2048',
    keyUsage: 'SIGN_VERIFY',
    origin: 'AWS_KMS',
    signsBy: 'RSASSA_PKCS1_V1_5_SHA_256',
  },
  HS256: {
    keySpec: 'HMAC_256',
    keyUsage: 'GENERATE_VERIFY_MAC',
    origin: 'EXTERNAL',
    signsBy: 'HMAC_SHA_256',
  },
} as const;

/** The tag that each key is made with: the alias that it is made for. */
export const ALIAS_TAG = 'streampass:alias';

/** An algorithm of {@link KMS_ALGORITHMS}. */
export type KmsAlgorithm = keyof typeof KMS_ALGORITHMS;

/** Whether KMS signs with it for us. */
export function isKmsAlgorithm(signing: SigningAlgorithm | undefined): signing is KmsAlgorithm {
  return signing !== undefined && Object.hasOwn(KMS_ALGORITHMS, signing);
}
