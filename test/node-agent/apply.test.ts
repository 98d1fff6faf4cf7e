import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  createSecretsManagerEndpoint,
  type SecretsManagerEndpoint,
} from '../../local/secrets-manager/endpoint.ts';
import { fingerprintOf } from '../../lib/signing-keys/secret.ts';
import { configFileFormats } from '../../lib/media-servers/config-files.ts';
import { KINDS, newSecret, newVersionId, Sandbox, SERVERS, type Kind } from './sandbox.ts';

let endpoint: SecretsManagerEndpoint;
let arn: string;
const sandboxes: Sandbox[] = [];

beforeAll(async () => {
  endpoint = await createSecretsManagerEndpoint({ port: 0 });
  const { output } = endpoint.execute('CreateSecret', {
    Name: 'streampass/red5',
    ClientRequestToken: newVersionId(),
  });
  arn = String(output?.['ARN']);
});
afterAll(() => endpoint.close());
afterEach(() => {
  for (const sandbox of sandboxes.splice(0)) sandbox.remove();
});

function node(kind: Kind, heldSecret: string): Sandbox {
  const sandbox = new Sandbox(kind, heldSecret);
  sandboxes.push(sandbox);
  sandbox.env = { AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint.url };
  sandbox.configure({ secret: arn });
  return sandbox;
}

function putVersion(secret: string, labels: readonly string[] = ['AWSPENDING']): string {
  const versionId = newVersionId();
  endpoint.execute('PutSecretValue', {
    SecretId: arn,
    ClientRequestToken: versionId,
    SecretString: secret,
    VersionStages: labels,
  });
  return versionId;
}

const apply = (sandbox: Sandbox, versionId: string) =>
  sandbox.run(['apply', '--kind', sandbox.kind, '--secret-arn', arn, '--version-id', versionId]);

describe.each(KINDS)('a %s node', (kind) => {
  test('takes the named version, changes nothing else in its config, and reloads once', async () => {
    const sandbox = node(kind, newSecret());
    const secret = newSecret();
    const versionId = putVersion(secret);

    const run = await apply(sandbox, versionId);

    expect(run.report).toEqual({
      mode: 'apply',
      kind,
      versionId,
      fingerprint: fingerprintOf(secret),
      settings: SERVERS[kind].settings,
    });
    expect(run.status).toBe(0);
    expect(sandbox.config()).toBe(sandbox.configWith(secret));
    expect(sandbox.reloads()).toBe(1);
    expect(statSync(sandbox.configFile).mode & 0o7777).toBe(0o640);
    expect(readdirSync(join(sandbox.dir, 'server'))).toEqual([SERVERS[kind].file]);
    expect(configFileFormats[kind].readSecret(sandbox.config())).toEqual({ ok: true, secret });
  });

  test('does nothing the second time', async () => {
    const sandbox = node(kind, newSecret());
    const versionId = putVersion(newSecret());
    const first = await apply(sandbox, versionId);
    const second = await apply(sandbox, versionId);
    expect(second.report).toEqual(first.report);
    expect(sandbox.reloads()).toBe(1);
  });

  test('reports the secret that it holds, without a change and without Secrets Manager', async () => {
    const secret = newSecret();
    const sandbox = node(kind, secret);
    sandbox.executable('aws', 'exit 1');
    const run = await sandbox.observe();
    expect(run.report).toEqual({
      mode: 'observe',
      kind,
      fingerprint: fingerprintOf(secret),
      settings: SERVERS[kind].settings,
    });
    expect(sandbox.config()).toBe(sandbox.configWith(secret));
    expect(sandbox.reloads()).toBe(0);
  });

  test('boots with the version labelled STREAMPASS_SERVERS, before anything is reloaded', async () => {
    const sandbox = node(kind, newSecret());
    const secret = newSecret();
    const versionId = putVersion(secret, ['STREAMPASS_SERVERS']);
    putVersion(newSecret(), ['AWSCURRENT']);
    const run = await sandbox.boot();
    expect(run.report).toMatchObject({ mode: 'boot', versionId, fingerprint: fingerprintOf(secret) });
    expect(sandbox.config()).toBe(sandbox.configWith(secret));
    expect(sandbox.reloads()).toBe(0);
    expect((await sandbox.observe()).report?.problem).toBeUndefined();
  });

  test('takes what `openssl rand -base64 32` makes', async () => {
    const sandbox = node(kind, '');
    const secret = '+/aZ09+/aZ09+/aZ09+/aZ09+/aZ09+/aZ09+/aZ09+=';
    expect((await apply(sandbox, putVersion(secret))).report?.problem).toBeUndefined();
    expect(configFileFormats[kind].readSecret(sandbox.config())).toEqual({ ok: true, secret });
  });
});

test.each([
  ['an ampersand', 'a'.repeat(40) + '&'],
  ['a backslash', 'a'.repeat(40) + '\\'],
  ['a double quote', 'a'.repeat(40) + '"'],
  ['a single quote', "'" + 'a'.repeat(40)],
  ['a command substitution', '$(touch injected)' + 'a'.repeat(40)],
  ['a backquote', '`touch injected`' + 'a'.repeat(40)],
  ['a placeholder of Spring', '${user.home}' + 'a'.repeat(40)],
  ['a newline', 'a'.repeat(40) + '\njwt.secret=mine'],
  ['a newline at its end', 'a'.repeat(40) + '\n'],
  ['a carriage return', 'a'.repeat(40) + '\r'],
  ['a tab', 'a'.repeat(40) + '\t'],
  ['a NUL', 'a'.repeat(40) + '\0b'],
  ['a blank', ' ' + 'a'.repeat(40)],
  ['a letter beyond ASCII', 'ä'.repeat(40)],
  ['31 bytes', 'a'.repeat(31)],
])('refuses a secret with %s and leaves its config alone', async (_, secret) => {
  const held = newSecret();
  const sandbox = node('red5', held);
  const run = await apply(sandbox, putVersion(secret));
  expect(run.status).toBe(1);
  expect(run.report?.problem).toMatch(/characters other than|shorter than 32 bytes/);
  expect(sandbox.config()).toBe(sandbox.configWith(held));
  expect(sandbox.reloads()).toBe(0);
  expect(run.stdout + run.stderr).not.toContain(secret);
});

test('waits for its version at boot until Secrets Manager has it', async () => {
  const sandbox = node('red5', newSecret());
  const other = String(
    endpoint.execute('CreateSecret', { Name: 'streampass/late', ClientRequestToken: newVersionId() })
      .output?.['ARN'],
  );
  sandbox.configure({ secret: other });
  // Each pause puts the time on: the version appears during the second one.
  sandbox.executable('sleep', `echo "$1" >>'${join(sandbox.dir, 'pauses')}'; exec /bin/sleep 0.05`);
  const secret = newSecret();
  const booting = sandbox.boot();
  while (sandbox.read('pauses').split('\n').length < 3)
    await new Promise((resolve) => setTimeout(resolve, 10));
  endpoint.execute('PutSecretValue', {
    SecretId: other,
    ClientRequestToken: newVersionId(),
    SecretString: secret,
    VersionStages: ['STREAMPASS_SERVERS'],
  });
  const run = await booting;
  expect(run.report?.fingerprint).toBe(fingerprintOf(secret));
  expect(run.stderr).toContain(
    'no version labelled STREAMPASS_SERVERS yet (aws exit status 254, ResourceNotFoundException)',
  );
  expect(sandbox.read('pauses').split('\n').slice(0, 2)).toEqual(['1', '2']);
});

test('says why Secrets Manager gave no version', async () => {
  const sandbox = node('red5', newSecret());
  const run = await apply(sandbox, newVersionId());
  expect(run.report?.problem).toMatch(
    /^Secrets Manager did not give version [0-9a-f-]{36} \(aws exit status 254, ResourceNotFoundException\)$/,
  );
});

test('waits until the reloaded server answers', async () => {
  const sandbox = node('red5', newSecret());
  sandbox.configure({ secret: arn, ready: 'http://127.0.0.1:9/' });
  sandbox.executable(
    'curl',
    `echo asked >>'${join(sandbox.dir, 'asked')}'; [ "$(wc -l <'${join(sandbox.dir, 'asked')}')" -ge 3 ]`,
  );
  sandbox.executable('sleep', ':');
  const run = await apply(sandbox, putVersion(newSecret()));
  expect(run.report?.problem).toBeUndefined();
  expect(sandbox.read('asked')).toBe('asked\n'.repeat(3));
});
