import {
  AlreadyExistsException,
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  GetParametersForImportCommand,
  ImportKeyMaterialCommand,
  IncorrectKeyMaterialException,
  KMSInvalidStateException,
  NotFoundException,
  UpdateKeyDescriptionCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { ListSecretVersionIdsCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { ALIAS_TAG, isKmsAlgorithm, KMS_ALGORITHMS } from '../jws/kms-algorithm.ts';
import type { RotationSecrets } from '../rotation/ports.ts';
import { fingerprintOf, hmacKeyBytes, kidOf } from '../signing-keys/secret.ts';
import { aliasOf, createKmsKeys, fingerprintNote, type KmsKeysOptions } from './kms-keys.ts';

/** The tag of a secret that names the key that was made last, and for which version. */
const MADE = 'streampass:kms-key';

/** The tag with the `kid`s of versions that were not made, though KMS has a key for each; and how many it names. */
const LOST = 'streampass:kms-lost';
const MOST_LOST = 20;

function lostIn(tags: Readonly<Record<string, string>>): readonly string[] {
  return (tags[LOST] ?? '').split(' ').filter((kid) => kid !== '');
}

/** Whether somebody deleted the key, or will. */
function isGone(error: unknown): boolean {
  return error instanceof NotFoundException || error instanceof KMSInvalidStateException;
}

/** How a shared secret is encrypted on its way to KMS. */
const WRAPPING = { WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_3072' } as const;

/**
 * A secret whose versions have their keys in KMS, each under an alias that ends with the version's id. Labels, records and
 * their order are those of any other secret. No value is read, and a version holds no private key. A shared secret is in its
 * version, for the servers, and in KMS: it is imported before the version is made, so that nobody sees one without the other.
 *
 * KMS makes a new key at each call, and each costs money: so the key is recorded on the secret before anything else can
 * fail, and the next run takes it up. Two runs at one time can each make one; the alias goes to the first. A key takes one
 * text, so of two runs that import one, one makes the version. A run that ends before it recorded its key leaves one without
 * an alias: its tag, which comes with it, tells whose it is.
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
    const { keySpec: KeySpec, keyUsage: KeyUsage, origin: Origin } = KMS_ALGORITHMS[signing];
    const { KeyMetadata } = await clients.kms.send(
      new CreateKeyCommand({
        KeySpec,
        KeyUsage,
        Origin,
        Description: descriptionOf(versionId),
        Tags: [{ TagKey: ALIAS_TAG, TagValue: aliasOf(options, versionId) }],
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

    async versions(arn) {
      const [versions, { tags }] = await Promise.all([secrets.versions(arn), secrets.describe(arn)]);
      return { ...Object.fromEntries(lostIn(tags).map((kid) => [kid, []])), ...versions };
    },

    async put(arn, versionId, text, labels) {
      const { tags } = await secrets.describe(arn);
      const [ofVersion, made] = (tags[MADE] ?? '').split(' ');
      const recorded = ofVersion === versionId ? made : undefined;
      const named = await nameKey(versionId, recorded ?? (await recordedKey(arn, versionId))).catch(
        async (error: unknown) => {
          if (recorded === undefined || !isGone(error)) throw error;
          return nameKey(versionId, await recordedKey(arn, versionId));
        },
      );
      if (options.signing === 'HS256' && !(await importKey(versionId, named, text))) {
        // Another run makes this version now, or it failed and its text is lost: the next version has another id.
        const lost = [...lostIn(tags), kidOf(versionId)].slice(-MOST_LOST);
        await secrets.tag(arn, LOST, lost.join(' '));
        return 'exists';
      }
      return secrets.put(arn, versionId, text, labels);
    },
  };

  function descriptionOf(versionId: string): string {
    return `streampass signs with it: ${aliasOf(options, versionId)}`;
  }

  /**
   * False if the key has the material of another text already; KMS never lets it be changed.
   *
   * @param named the key, if this run gave it its alias: KMS may take a moment to know it
   */
  async function importKey(versionId: string, named: string | undefined, text: string): Promise<boolean> {
    const KeyId = named ?? (await pendingKey(aliasOf(options, versionId)));
    if (KeyId === undefined) return false;
    const { PublicKey, ImportToken } = await clients.kms.send(
      new GetParametersForImportCommand({ KeyId, ...WRAPPING }),
    );
    const spki = Buffer.from(PublicKey ?? []);
    const EncryptedKeyMaterial = publicEncrypt(
      {
        key: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
        padding: constants.RSA_PKCS1_OAEP_PADDING,
        oaepHash: 'sha256',
      },
      hmacKeyBytes(text),
    );
    const ExpirationModel = 'KEY_MATERIAL_DOES_NOT_EXPIRE';
    try {
      await clients.kms.send(
        new ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel }),
      );
    } catch (error) {
      if (error instanceof IncorrectKeyMaterialException) return false;
      throw error;
    }
    const Description = `${descriptionOf(versionId)}${fingerprintNote(fingerprintOf(text))}`;
    await clients.kms.send(new UpdateKeyDescriptionCommand({ KeyId, Description }));
    return true;
  }

  /** The key of this alias, if nothing was imported into it yet. */
  async function pendingKey(alias: string): Promise<string | undefined> {
    const { KeyMetadata } = await clients.kms.send(new DescribeKeyCommand({ KeyId: alias }));
    return KeyMetadata?.KeyState === 'PendingImport' ? KeyMetadata.KeyId : undefined;
  }

  async function recordedKey(arn: string, versionId: string): Promise<string> {
    const keyId = await makeKey(versionId);
    await secrets.tag(arn, MADE, `${versionId} ${keyId}`);
    return keyId;
  }

  /** The key; `undefined` if an earlier run gave this alias to one, or another run that was quicker. */
  async function nameKey(versionId: string, keyId: string): Promise<string | undefined> {
    const AliasName = aliasOf(options, versionId);
    try {
      await clients.kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: keyId }));
      return keyId;
    } catch (error) {
      if (error instanceof AlreadyExistsException) return undefined;
      throw error;
    }
  }
}
