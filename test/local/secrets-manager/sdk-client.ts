import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerEndpoint } from '../../../local/secrets-manager/endpoint.ts';

/** The real SDK's client against a local endpoint; it tries every call once, unless told otherwise. */
export function sdkClient(endpoint: SecretsManagerEndpoint, { maxAttempts = 1 } = {}): SecretsManagerClient {
  return new SecretsManagerClient({
    endpoint: endpoint.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts,
  });
}

/** One call in the wire's own form, for what the SDK would never send. */
export async function rawCall(
  endpoint: SecretsManagerEndpoint,
  target: string,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(endpoint.url, {
    method: 'POST',
    headers: { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' },
    body,
  });
  return { status: response.status, body: await response.json() };
}
