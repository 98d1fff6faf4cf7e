/** What a function needs of KMS; the build leaves this file out if the configuration never calls `kms()`. */

import { createKmsClient } from '../../lib/aws/kms-client.ts';
import { createKmsKeys, type KmsKeysOptions } from '../../lib/aws/kms-keys.ts';
import { describeError, writeLine } from '../../lib/node/log.ts';
import { within } from '../../lib/node/system.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';
import type { SecretReader } from '../../lib/ports.ts';

/** What one request waits for a signature at most, in seconds. */
const PATIENCE = 3;
/** When a client may try again, in seconds. */
const RETRY_AFTER = 5;

let client: ReturnType<typeof createKmsClient> | undefined;

/**
 * Reads a target's keys in KMS, and the labels of its versions in Secrets Manager. If KMS does not sign, one log line says so,
 * and the request is refused with 503 `signing_unavailable`.
 */
export function kmsReader(
  { stages }: SecretReader,
  target: string,
  options: KmsKeysOptions,
  env: Readonly<Record<string, string | undefined>>,
): SecretReader {
  client ??= createKmsClient(env);
  const keys = createKmsKeys(client, options);
  return {
    stages,
    async value(_secret, versionId) {
      const key = await keys.of(versionId);
      if ('problem' in key) return { kms: key };
      const sign: typeof key.sign = (input) =>
        within(key.sign(input), PATIENCE).catch((error: unknown) => {
          writeLine({ event: 'signer.problem', target, ...describeError(error) });
          throw new OAuthError('signing_unavailable', RETRY_AFTER, { cause: error });
        });
      return { kms: { ...key, sign } };
    },
  };
}
