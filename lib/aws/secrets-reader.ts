import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SecretReader } from '../ports.ts';

/** The time limit for one call of Secrets Manager with its retries, in milliseconds. */
const CALL_TIMEOUT_MS = 2900;

/** Reads secrets by the two read calls of Secrets Manager, so that code that uses it cannot write. */
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
        // The version has labels but no value yet: a native rotation begins so.
        if (error instanceof ResourceNotFoundException) return {};
        throw error;
      }
    },
  };
}

function bounded(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS) };
}
