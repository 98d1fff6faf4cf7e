import { createSecretsClient } from '../../lib/aws/secrets-client.ts';
import { createSecretsReader } from '../../lib/aws/secrets-reader.ts';
import type { ConfiguredSecret } from '../../lib/config/secrets.ts';
import { createLiveVersions } from '../../lib/fleet/live-versions.ts';
import type { ConfiguredTarget, Signer } from '../../lib/media-servers/target.ts';
import { systemNow, within } from '../../lib/node/system.ts';
import type { SecretReader } from '../../lib/ports.ts';
import { kmsReader } from './kms.ts';

/** Reads one secret: its labels by Secrets Manager, and its keys there or in KMS. */
export type ReaderOf = (
  secret: Pick<ConfiguredSecret, 'name' | 'signing'>,
  signer: Signer | undefined,
) => SecretReader;

/** Readers that share their clients. Reads nothing before the first call. */
export function createReaderOf(env: Readonly<Record<string, string | undefined>>): ReaderOf {
  const secrets = createSecretsReader(createSecretsClient(env));
  return ({ name, signing }, signer) =>
    signer === undefined ? secrets : kmsReader(secrets, name, { ...signer, signing }, env);
}

/** The live versions of each target's secret, for functions that answer its nodes. Reads nothing before the first call. */
export function createLiveVersionsOf(env: Readonly<Record<string, string | undefined>>) {
  const readerOf = createReaderOf(env);
  return (
    name: string,
    { secret, signing, signer }: Pick<ConfiguredTarget, 'secret' | 'signing' | 'signer'>,
  ) => createLiveVersions({ secret, reader: readerOf({ name, signing }, signer), now: systemNow, within });
}
