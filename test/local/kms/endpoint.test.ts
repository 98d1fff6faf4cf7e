import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  EnableKeyCommand,
  GenerateMacCommand,
  GetParametersForImportCommand,
  GetPublicKeyCommand,
  ImportKeyMaterialCommand,
  SignCommand,
  VerifyMacCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { constants, createHmac, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKmsEndpoint, type KmsEndpoint } from '../../../local/kms/endpoint.ts';
import { kmsClient } from './sdk-client.ts';

/** Imported keys that make MACs, as the KMS API reference describes them, by the real SDK. */

let endpoint: KmsEndpoint;
let client: KMSClient;
beforeAll(async () => {
  endpoint = await createKmsEndpoint({ port: 0 });
  client = kmsClient(endpoint);
});
afterAll(() => endpoint.close());

const MATERIAL = randomBytes(32);
const Message = Buffer.from('message');
const MacAlgorithm = 'HMAC_SHA_256';
const refusal = (name: string) => expect.objectContaining({ name }) as Error;

async function newKey(): Promise<string> {
  const { KeyMetadata } = await client.send(
    new CreateKeyCommand({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC', Origin: 'EXTERNAL' }),
  );
  expect(KeyMetadata).toMatchObject({
    KeyState: 'PendingImport',
    Enabled: false,
    Origin: 'EXTERNAL',
    MacAlgorithms: [MacAlgorithm],
  });
  return KeyMetadata?.KeyId ?? '';
}

/** What a key's owner sends to import this. */
async function toImport(KeyId: string, material: Buffer) {
  const { PublicKey = new Uint8Array(), ImportToken } = await client.send(
    new GetParametersForImportCommand({
      KeyId,
      WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
      WrappingKeySpec: 'RSA_3072',
    }),
  );
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const EncryptedKeyMaterial = publicEncrypt({ key, padding, oaepHash: 'sha256' }, material);
  const ExpirationModel = 'KEY_MATERIAL_DOES_NOT_EXPIRE' as const;
  return { KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel };
}

async function importedKey(): Promise<string> {
  const KeyId = await newKey();
  await client.send(new ImportKeyMaterialCommand(await toImport(KeyId, MATERIAL)));
  return KeyId;
}

test('what is imported makes the MACs of RFC 2104, and verifies them', async () => {
  const KeyId = await importedKey();
  await client.send(new CreateAliasCommand({ AliasName: 'alias/named', TargetKeyId: KeyId }));
  const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: 'alias/named' }));
  expect(KeyMetadata).toMatchObject({ KeyId, KeyState: 'Enabled', Enabled: true });
  const { Mac } = await client.send(new GenerateMacCommand({ KeyId: 'alias/named', Message, MacAlgorithm }));
  expect(Buffer.from(Mac ?? [])).toEqual(createHmac('sha256', MATERIAL).update(Message).digest());
  expect(await client.send(new VerifyMacCommand({ KeyId, Message, Mac, MacAlgorithm }))).toMatchObject({
    MacValid: true,
  });
});

test('the same material may be imported again, and no other one', async () => {
  const KeyId = await importedKey();
  await client.send(new ImportKeyMaterialCommand(await toImport(KeyId, MATERIAL)));
  await expect(
    client.send(new ImportKeyMaterialCommand(await toImport(KeyId, randomBytes(32)))),
  ).rejects.toEqual(refusal('IncorrectKeyMaterialException'));
});

describe('it refuses', () => {
  test.each<[string, string, () => Promise<unknown>]>([
    [
      'material of another length',
      'IncorrectKeyMaterialException',
      async () => client.send(new ImportKeyMaterialCommand(await toImport(await newKey(), randomBytes(43)))),
    ],
    [
      'material that is encrypted for nobody',
      'InvalidCiphertextException',
      async () =>
        client.send(
          new ImportKeyMaterialCommand({
            ...(await toImport(await newKey(), MATERIAL)),
            EncryptedKeyMaterial: randomBytes(384),
          }),
        ),
    ],
    [
      'the token of another key',
      'InvalidImportTokenException',
      async () => {
        const other = await toImport(await newKey(), MATERIAL);
        return client.send(new ImportKeyMaterialCommand({ ...other, KeyId: await newKey() }));
      },
    ],
    [
      'an alias where a key is to be named',
      'ValidationException',
      async () => {
        const TargetKeyId = await newKey();
        await client.send(new CreateAliasCommand({ AliasName: 'alias/pending', TargetKeyId }));
        return toImport('alias/pending', MATERIAL);
      },
    ],
    [
      'a MAC before there is material',
      'KMSInvalidStateException',
      async () => client.send(new GenerateMacCommand({ KeyId: await newKey(), Message, MacAlgorithm })),
    ],
    [
      'to enable a key before there is material',
      'KMSInvalidStateException',
      async () => client.send(new EnableKeyCommand({ KeyId: await newKey() })),
    ],
    [
      'a MAC of another message',
      'KMSInvalidMacException',
      async () => {
        const KeyId = await importedKey();
        const { Mac } = await client.send(new GenerateMacCommand({ KeyId, Message, MacAlgorithm }));
        const other = Buffer.from('another');
        return client.send(new VerifyMacCommand({ KeyId, Message: other, Mac, MacAlgorithm }));
      },
    ],
    [
      'a message of 4,097 bytes',
      'ValidationException',
      async () => {
        const long = { Message: Buffer.alloc(4097), MacAlgorithm } as const;
        return client.send(new GenerateMacCommand({ KeyId: await importedKey(), ...long }));
      },
    ],
    [
      'another algorithm',
      'InvalidKeyUsageException',
      async () => {
        const another = { Message, MacAlgorithm: 'HMAC_SHA_512' } as const;
        return client.send(new GenerateMacCommand({ KeyId: await importedKey(), ...another }));
      },
    ],
    [
      'a signature',
      'InvalidKeyUsageException',
      async () =>
        client.send(
          new SignCommand({
            KeyId: await importedKey(),
            Message: Buffer.alloc(32),
            MessageType: 'DIGEST',
            SigningAlgorithm: 'ECDSA_SHA_256',
          }),
        ),
    ],
    [
      'a public key',
      'InvalidKeyUsageException',
      async () => client.send(new GetPublicKeyCommand({ KeyId: await importedKey() })),
    ],
    [
      'to make such a key itself',
      'UnsupportedOperationException',
      () => client.send(new CreateKeyCommand({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })),
    ],
  ])('%s: %s', async (_what, name, call) => {
    await expect(call()).rejects.toEqual(refusal(name));
  });
});
