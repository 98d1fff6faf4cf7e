import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { awsAccess } from './access.ts';

/**
 * A client with the credentials that Lambda puts into the environment, and time limits that leave room for a second try
 * within three seconds. The SDK itself reads another endpoint from `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
 */
export function createSecretsClient(env: Readonly<Record<string, string | undefined>>): SecretsManagerClient {
  return new SecretsManagerClient({
    ...awsAccess(env),
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 1400, throwOnRequestTimeout: true },
  });
}
