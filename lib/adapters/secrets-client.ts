import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/**
 * A client with the credentials that Lambda puts into the environment, and time limits that leave room for a second try
 * within three seconds. `AWS_ENDPOINT_URL_SECRETS_MANAGER` is the SDK's own way to another endpoint.
 */
export function createSecretsClient(env: Readonly<Record<string, string | undefined>>): SecretsManagerClient {
  return new SecretsManagerClient({
    region: env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'us-east-1',
    credentials: {
      accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
      ...(env['AWS_SESSION_TOKEN'] && { sessionToken: env['AWS_SESSION_TOKEN'] }),
    },
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 1400, throwOnRequestTimeout: true },
  });
}
