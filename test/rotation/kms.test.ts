import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { kmsRotationSecrets } from '../../lib/aws/kms-rotation.ts';
import { secretsWriter } from '../../lib/aws/secrets-writer.ts';
import type { RotationSecrets } from '../../lib/rotation/ports.ts';
import { checkSecret } from '../../lib/signing-keys/secret.ts';
import { createKmsEndpoint, type KmsEndpoint } from '../../local/kms/endpoint.ts';
import { createSecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import type { SecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import { seedEmptySecrets } from '../../local/secrets-manager/seed.ts';
import { kmsClient } from '../local/kms/sdk-client.ts';
import { sdkClient } from '../local/secrets-manager/sdk-client.ts';

/** Secrets whose keys are in KMS, call by call: what may go wrong between two calls. */

const VERSION = '11111111-0000-4000-8000-000000000001';
const ALIAS = `alias/live/${VERSION}`;

let endpoint: SecretsManagerEndpoint;
let kms: KmsEndpoint;
/** The operations that fail. */
let failing: readonly string[];
let secrets: RotationSecrets;

beforeEach(async () => {
  failing = [];
  const fails = (operation: string) => failing.includes(operation);
  endpoint = await createSecretsManagerEndpoint({
    port: 0,
    faults: (operation) => (fails(operation) ? 'internal-error' : undefined),
  });
  kms = await createKmsEndpoint({
    port: 0,
    faults: (operation) => (fails(operation) ? { code: 'AccessDeniedException' } : undefined),
  });
  seedEmptySecrets(endpoint, ['live']);
  secrets = inKms('ES256');
});
afterEach(() => Promise.all([endpoint.close(), kms.close()]));

function inKms(signing: 'ES256' | 'RS256'): RotationSecrets {
  const secretsManager = sdkClient(endpoint);
  const clients = { kms: kmsClient(kms), secretsManager };
  return kmsRotationSecrets(secretsWriter(secretsManager), clients, { keyId: 'alias/live', signing });
}

const put = (text = 'held by KMS') => secrets.put('live', VERSION, text, ['AWSCURRENT']);
const made = () => kms.calls.filter((call) => call === 'CreateKey').length;

test.each([
  ['the alias', 'CreateAlias'],
  ['the version', 'PutSecretValue'],
])(
  'a key whose run failed at %s is taken up by the next run: none is paid for twice',
  async (_what, fails) => {
    failing = [fails];
    await expect(put()).rejects.toThrow(/AccessDenied|Refused|error occurred/);
    await expect(put()).rejects.toThrow(/AccessDenied|Refused|error occurred/);
    failing = [];
    await expect(put()).resolves.toBe('made');
    expect(made()).toBe(1);
  },
);

test('a key has the alias that it is made for as its tag from the start, so that one without an alias is found', async () => {
  const client = kmsClient(kms);
  const send = vi.spyOn(client, 'send');
  const clients = { kms: client, secretsManager: sdkClient(endpoint) };
  secrets = kmsRotationSecrets(secretsWriter(clients.secretsManager), clients, {
    keyId: 'alias/live',
    signing: 'ES256',
  });
  failing = ['TagResource'];
  await expect(put()).rejects.toThrow(/error occurred/);
  expect(send).toHaveBeenCalledOnce();
  expect(send.mock.calls[0]?.[0].input).toMatchObject({
    Tags: [{ TagKey: 'streampass:alias', TagValue: ALIAS }],
  });
});

test('a key that was deleted before it had its alias is replaced, so that the rotation goes on', async () => {
  failing = ['CreateAlias'];
  await expect(put()).rejects.toThrow(/Refused/);
  const [, keyId = ''] = (await secrets.describe('live')).tags['streampass:kms-key']?.split(' ') ?? [];
  kms.execute('ScheduleKeyDeletion', { KeyId: keyId });
  failing = [];
  await expect(put()).resolves.toBe('made');
  expect(made()).toBe(2);
  expect(await secrets.value('live', VERSION)).toMatchObject({ value: { kms: { alg: 'ES256' } } });
});

test('of two runs that make a version at once, the second finds it there', async () => {
  await put();
  await expect(put('something else')).resolves.toBe('exists');
  expect(made()).toBe(1);
});

test('a version has the date that Secrets Manager made it at, and its public key', async () => {
  await put();
  const read = await secrets.value('live', VERSION);
  const checked = await checkSecret(read?.value ?? {}, 'ES256');
  expect(checked).toMatchObject({ usable: true, text: '' });
  expect(Math.abs((read?.createdAt ?? 0) - Date.now() / 1000)).toBeLessThan(60);
  expect(await secrets.value('live', '22222222-0000-4000-8000-000000000002')).toBeUndefined();
});

test.each<[string, () => void, RegExp]>([
  ['is disabled', () => kms.execute('DisableKey', { KeyId: ALIAS }), /^has a key in KMS that is not enabled/],
  [
    'is to be deleted',
    () => kms.execute('ScheduleKeyDeletion', { KeyId: ALIAS }),
    /^has a key in KMS that is not enabled/,
  ],
  ['is of another kind', () => (secrets = inKms('RS256')), /^has a key in KMS that is not for RS256/],
])('a version whose key %s is not usable, until it is again', async (_what, spoil, problem) => {
  await put();
  spoil();
  const spoilt = await checkSecret((await secrets.value('live', VERSION))?.value ?? {}, 'ES256');
  expect(spoilt).toEqual({ usable: false, problem: expect.stringMatching(problem) as string });
  secrets = inKms('ES256');
  kms.execute('EnableKey', { KeyId: ALIAS });
  expect((await checkSecret((await secrets.value('live', VERSION))?.value ?? {}, 'ES256')).usable).toBe(true);
});

test('a version without a key in KMS is not usable', async () => {
  endpoint.execute('PutSecretValue', {
    SecretId: 'live',
    ClientRequestToken: VERSION,
    SecretString: 'by hand',
  });
  expect(await checkSecret((await secrets.value('live', VERSION))?.value ?? {}, 'ES256')).toEqual({
    usable: false,
    problem: `has no key in KMS: ${ALIAS} is unknown`,
  });
});

test.each([
  [
    'those of no live version and those without an alias',
    '',
    'ghost alias/streampass/prod/cams/v2\nold alias/streampass/prod/cams/v1\n',
  ],
  ['none if Secrets Manager does not answer', 'secretsmanager', ''],
  ['none if KMS does not answer', 'kms', ''],
  ['none if the tags cannot be read', 'resourcegroupstaggingapi', ''],
])('the list of unused keys in docs/operate.md has %s', async (_what, down, listed) => {
  const page = await readFile(new URL('../../docs/operate.md', import.meta.url), 'utf8');
  const [, block = ''] = /```sh\n(SECRET=[^`]*KEY_ALIAS=[^`]*)```/.exec(page) ?? [];
  const alias = 'alias/streampass/prod/cams';
  const answers = {
    secretsmanager: 'v2\tv3',
    kms: `old\t${alias}/v1\nnow\t${alias}/v2\nnext\t${alias}/v3`,
    resourcegroupstaggingapi: `arn:aws:kms:r:1:key/now\t${alias}/v2\narn:aws:kms:r:1:key/ghost\t${alias}/v2\nk\t${alias}-2/v1`,
  };
  const cases = Object.entries(answers).map(([service, text]) =>
    service === down ? `${service}) return 254 ;;` : `${service}) printf '%s\\n' '${text}' ;;`,
  );
  const script = `aws() { case "$1" in ${cases.join('\n')}\nesac; }\n${block}`;
  const { stdout } = await promisify(execFile)('sh', ['-c', `${script}\ntrue`]);
  expect(stdout).toBe(listed);
});
