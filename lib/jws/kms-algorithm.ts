import type { SigningAlgorithm } from './signing-algorithm.ts';

/**
 * The algorithms that AWS KMS signs with for us: what its keys are called, and what they sign with.
 *
 * @see AWS KMS API reference, CreateKey (`KeySpec`) and Sign (`SigningAlgorithm`)
 */
export const KMS_ALGORITHMS = {
  ES256: { keySpec: 'ECC_NIST_P256', signsBy: 'ECDSA_SHA_256' },
  RS256: { keySpec: 'RSA_2048', signsBy: 'RSASSA_PKCS1_V1_5_SHA_256' },
} as const;

/** An algorithm of {@link KMS_ALGORITHMS}. */
export type KmsAlgorithm = keyof typeof KMS_ALGORITHMS;

/** Whether KMS signs with it for us. */
export function isKmsAlgorithm(signing: SigningAlgorithm | undefined): signing is KmsAlgorithm {
  return signing !== undefined && Object.hasOwn(KMS_ALGORITHMS, signing);
}
