import { KMSClient } from '@aws-sdk/client-kms';
import type { KmsEndpoint } from '../../../local/kms/endpoint.ts';

/** The real SDK's client against a local endpoint; it tries every call once. */
export function kmsClient(endpoint: KmsEndpoint): KMSClient {
  return new KMSClient({
    endpoint: endpoint.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    maxAttempts: 1,
  });
}
