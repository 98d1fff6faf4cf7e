import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SecretReader } from '../ports.ts';

/** What Secrets Manager gets for one call, tries included, in milliseconds. */
const CALL_TIMEOUT_MS = 2900;

/** Reads secrets by the two read calls of Secrets Manager, so that what is built of it cannot write. */
export function createSecretsReader(client: SecretsManagerClient): SecretReader {
  return {
    async stages(secretId) {
      const answer = await client.send(new DescribeSecretCommand({ SecretId: secretId }), bounded());
      return answer.VersionIdsToStages ?? {};
    },
    async value(secretId, versionId) {
      try {
        const answer = await client.send(
          new GetSecretValueCommand({ SecretId: secretId, VersionId: versionId }),
          bounded(),
        );
        return { SecretString: answer.SecretString, SecretBinary: answer.SecretBinary };
      } catch (error) {
        // A version that has labels but no value yet, as a native rotation makes it.
        if (error instanceof ResourceNotFoundException) return {};
        throw error;
      }
    },
  };
}

function bounded(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) };
}
