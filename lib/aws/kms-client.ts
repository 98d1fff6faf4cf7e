import { KMSClient } from '@aws-sdk/client-kms';
import { awsAccess } from './access.ts';

/**
 * A client with the credentials that Lambda puts into the environment, and the time limits of Secrets Manager's: they leave
 * room for a second try within three seconds. `AWS_ENDPOINT_URL_KMS` is the SDK's own way to another endpoint.
 */
export function createKmsClient(env: Readonly<Record<string, string | undefined>>): KMSClient {
  return new KMSClient({
    ...awsAccess(env),
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 1400, throwOnRequestTimeout: true },
  });
}
