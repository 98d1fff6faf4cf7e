import { randomUUID } from 'node:crypto';
import type { SecretsManagerEndpoint } from './endpoint.ts';

/**
 * Makes those of the secrets that are not there yet, without a value: the rotation puts the first one. Calling
 * it again changes nothing.
 *
 * @throws {ServiceError} InvalidRequestException: a secret of that name is marked for deletion
 */
export function seedEmptySecrets(endpoint: SecretsManagerEndpoint, names: readonly string[]): void {
  for (const name of names) {
    if (endpoint.execute('DescribeSecret', { SecretId: name }).output) continue;
    const { error } = endpoint.execute('CreateSecret', { Name: name, ClientRequestToken: randomUUID() });
    if (error) throw error;
  }
}
