/** What `rotate` needs of KMS; the build leaves this file out if the configuration never calls `kms()`. */

import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createKmsClient } from '../../lib/aws/kms-client.ts';
import type { KmsKeysOptions } from '../../lib/aws/kms-keys.ts';
import { kmsRotationSecrets } from '../../lib/aws/kms-rotation.ts';
import type { RotationSecrets } from '../../lib/rotation/ports.ts';

/** The secrets of a target whose keys KMS holds. */
export function kmsSecretsOf(
  secrets: RotationSecrets,
  secretsManager: SecretsManagerClient,
  options: KmsKeysOptions,
  env: Readonly<Record<string, string | undefined>>,
): RotationSecrets {
  return kmsRotationSecrets(secrets, { kms: createKmsClient(env), secretsManager }, options);
}
