import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { awsAccess } from './access.ts';

/**
 * A client with the credentials that Lambda puts into the environment. It tries twice.
 *
 * @param tryMs how long one try may take, in milliseconds
 */
export function createDynamoClient(
  env: Readonly<Record<string, string | undefined>>,
  tryMs: number,
): DynamoDBClient {
  return new DynamoDBClient({
    ...awsAccess(env),
    maxAttempts: 2,
    requestHandler: { connectionTimeout: tryMs, requestTimeout: tryMs, throwOnRequestTimeout: true },
  });
}
