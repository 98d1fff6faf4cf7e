import { CreateAliasCommand, CreateKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { ListSecretVersionIdsCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { isKmsAlgorithm, KMS_ALGORITHMS } from '../jws/kms-algorithm.ts';
import type { RotationSecrets } from '../rotation/ports.ts';
import { aliasOf, createKmsKeys, type KmsKeysOptions } from './kms-keys.ts';

/** The tag of a secret that names the key that was made last, and for which version. */
const MADE = 'streampass:kms-key';

/**
 * A secret whose versions hold no key: the key of each is in KMS, under an alias that ends with the version's id. Labels,
 * records and their order are those of any other secret. No value is read.
 *
 * KMS makes a new key at each call, and each costs money: so the key is recorded on the secret before anything else can
 * fail, and the next run takes it up. Two runs at one time can each make one; the alias goes to the first.
 *
 * @param secrets the same secret, with values
 */
export function kmsRotationSecrets(
  secrets: RotationSecrets,
  clients: {
    readonly kms: Pick<KMSClient, 'send'>;
    readonly secretsManager: Pick<SecretsManagerClient, 'send'>;
  },
  options: KmsKeysOptions,
): RotationSecrets {
  const keys = createKmsKeys(clients.kms, options);
  const known = new Map<string, NonNullable<Awaited<ReturnType<RotationSecrets['value']>>>>();

  async function makeKey(versionId: string): Promise<string> {
    const { signing } = options;
    if (!isKmsAlgorithm(signing)) throw new TypeError(`KMS makes no keys for ${signing}`);
    const { KeyMetadata } = await clients.kms.send(
      new CreateKeyCommand({
        KeySpec: KMS_ALGORITHMS[signing].keySpec,
        KeyUsage: 'SIGN_VERIFY',
        Description: `streampass signs with it: ${aliasOf(options, versionId)}`,
      }),
    );
    if (KeyMetadata?.KeyId === undefined) throw new TypeError('KMS made a key and did not say which');
    return KeyMetadata.KeyId;
  }

  return {
    ...secrets,

    async value(arn, versionId) {
      const kept = known.get(versionId);
      if (kept !== undefined) return kept;
      const kms = await keys.of(versionId);
      const { Versions = [] } = await clients.secretsManager.send(
        new ListSecretVersionIdsCommand({ SecretId: arn, MaxResults: 100 }),
      );
      const version = Versions.find(({ VersionId }) => VersionId === versionId);
      if (version === undefined) return undefined;
      const read = { value: { kms }, createdAt: (version.CreatedDate?.getTime() ?? 0) / 1000 };
      if (!('problem' in kms)) known.set(versionId, read);
      return read;
    },

    async put(arn, versionId, text, labels) {
      const { tags } = await secrets.describe(arn);
      const [ofVersion, made] = (tags[MADE] ?? '').split(' ');
      const isMade = ofVersion === versionId && made !== undefined;
      const keyId = isMade ? made : await makeKey(versionId);
      if (!isMade) await secrets.tag(arn, MADE, `${versionId} ${keyId}`);
      await nameKey(aliasOf(options, versionId), keyId);
      return secrets.put(arn, versionId, text, labels);
    },
  };

  async function nameKey(AliasName: string, TargetKeyId: string): Promise<void> {
    try {
      await clients.kms.send(new CreateAliasCommand({ AliasName, TargetKeyId }));
    } catch (error) {
      // An earlier run named it, or another one that was quicker.
      if (!(error instanceof Error && error.name === 'AlreadyExistsException')) throw error;
    }
  }
}
