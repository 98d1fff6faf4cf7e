import { statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createSecretsManagerEndpoint,
  type SecretsManagerEndpoint,
} from '../../local/secrets-manager/endpoint.ts';
import { fingerprintOf, kidOf } from '../../lib/signing-keys/secret.ts';
import { nodeState, parseNodeReport } from '../../lib/fleet/node-report.ts';
import { keyRingFile } from '../../lib/fleet/secret-file.ts';
import { newSecret, newVersionId, Sandbox, type Run } from './sandbox.ts';

/** The script on a node whose server looks secrets up by `kid` in a key ring file. */

let endpoint: SecretsManagerEndpoint;
let arn: string;
let sandbox: Sandbox;

beforeEach(async () => {
  endpoint = await createSecretsManagerEndpoint({ port: 0 });
  const { output } = endpoint.execute('CreateSecret', {
    Name: 'streampass/it',
    ClientRequestToken: newVersionId(),
  });
  arn = String(output?.['ARN']);
  sandbox = new Sandbox('rtcstats', '');
  sandbox.env = { AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint.url };
  sandbox.configure({ secret: arn, keyring: 'yes', reload: '' });
  writeFileSync(sandbox.configFile, '', { mode: 0o640 });
});
afterEach(async () => {
  sandbox.remove();
  await endpoint.close();
});

interface Version {
  readonly versionId: string;
  readonly text: string;
}

function put(label: string, text = newSecret()): Version {
  const versionId = newVersionId();
  const { error } = endpoint.execute('PutSecretValue', {
    SecretId: arn,
    ClientRequestToken: versionId,
    SecretString: text,
    VersionStages: [label],
  });
  if (error) throw error;
  return { versionId, text };
}

function apply({ versionId }: Version): Promise<Run> {
  return sandbox.run(['apply', '--kind', 'rtcstats', '--secret-arn', arn, '--version-id', versionId]);
}

/** What the rotation makes of a report, and of the file itself. */
function heldBy(run: Run, versions: readonly Version[]): readonly string[] {
  const report = parseNodeReport(run.stdout);
  const file = keyRingFile.held(Buffer.from(sandbox.config()), versions);
  const state = report && nodeState('node', report, versions, () => []);
  expect(file).toMatchObject({ ok: true, holds: state?.holds });
  return state?.holds ?? [];
}

describe('apply', () => {
  test('writes every live version, and reports fingerprints alone', async () => {
    const previous = put('AWSCURRENT');
    const current = put('AWSCURRENT');
    const pending = put('AWSPENDING');
    const run = await apply(current);
    expect(run).toMatchObject({ status: 0, report: { mode: 'apply', versionId: current.versionId } });
    expect(JSON.parse(sandbox.config())).toEqual(
      Object.fromEntries([current, pending, previous].map(({ versionId, text }) => [kidOf(versionId), text])),
    );
    expect(heldBy(run, [current, pending, previous])).toHaveLength(3);
    for (const { text } of [current, pending, previous]) {
      expect(run.stdout + run.stderr).not.toContain(text);
      expect(sandbox.filesWith(text)).toEqual(['server/production.yaml']);
    }
    expect(run.stdout).toContain(fingerprintOf(current.text));
    expect(statSync(sandbox.configFile).mode & 0o777).toBe(0o640);
  });

  test('takes out what is no longer live', async () => {
    const first = put('AWSCURRENT');
    const pending = put('AWSPENDING');
    await apply(first);
    endpoint.execute('UpdateSecretVersionStage', {
      SecretId: arn,
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: pending.versionId,
    });
    expect(heldBy(await apply(first), [first, pending])).toEqual([first.versionId]);
  });

  test('leaves a pending version out that is too short to sign with', async () => {
    const current = put('AWSCURRENT');
    put('AWSPENDING', 'short');
    expect(heldBy(await apply(current), [current])).toEqual([current.versionId]);
  });

  test('changes nothing where a version cannot be read', async () => {
    const current = put('AWSCURRENT');
    await apply(current);
    const before = sandbox.config();
    put('AWSPENDING');
    sandbox.executable(
      'aws',
      `case "$*" in *AWSPENDING*) echo 'An error occurred (InternalServiceError) when calling' >&2; exit 254;; esac
       printf '%s\\t%s\\n' '${current.versionId}' '${current.text}'`,
    );
    const run = await apply(current);
    expect(run).toMatchObject({
      status: 1,
      report: { problem: expect.stringContaining('InternalServiceError') },
    });
    expect(sandbox.config()).toBe(before);
  });

  test('refuses a version that is not live', async () => {
    put('AWSCURRENT');
    const run = await apply({ versionId: newVersionId(), text: '' });
    expect(run.report?.problem).toMatch(/is none of the live ones: nothing was changed$/);
    expect(sandbox.config()).toBe('');
  });
});

describe('observe', () => {
  test.each([
    ['an empty file', ''],
    ['a ring without keys', '{}\n'],
  ])('reports no key of %s', async (_name, text) => {
    writeFileSync(sandbox.configFile, text);
    expect(await sandbox.observe()).toMatchObject({ status: 0, report: { ring: {} } });
  });

  test('reads what the rotation’s adapter for files writes', async () => {
    const versions = [put('AWSCURRENT'), put('AWSPENDING')];
    const changed = keyRingFile.change(Buffer.from(''), versions);
    if (!changed.ok) throw new Error(changed.problem);
    writeFileSync(sandbox.configFile, changed.bytes);
    const ids = versions.map(({ versionId }) => versionId);
    expect(heldBy(await sandbox.observe(), versions).toSorted()).toEqual(ids.toSorted());
  });

  test.each([
    ['a list', '["a"]\n'],
    ['a file cut short', '{\n  "11111111": "aaaa'],
    ['two rings', '{\n}\n{\n}\n'],
    ['something else', 'authorization:\n  jwtSecret: ""\n'],
  ])('says of %s that it is no key ring', async (_name, text) => {
    writeFileSync(sandbox.configFile, text);
    const { report } = await sandbox.observe();
    expect(report?.problem).toContain('it is no key ring file');
  });
});

test('boot waits for the current version, and then holds the ring', async () => {
  const run = sandbox.boot();
  const current = put('AWSCURRENT');
  expect(await run).toMatchObject({ status: 0, report: { mode: 'boot' } });
  expect(heldBy(await run, [current])).toEqual([current.versionId]);
});

test.each([
  ['keyring=no', { keyring: 'no' }, /keyring= must be yes or left out/],
  ['a reload', { reload: 'true' }, /needs no reload=/],
])('a configuration with %s is refused', async (_name, lines, problem) => {
  sandbox.configure({ secret: arn, keyring: 'yes', reload: '', ...lines });
  expect((await sandbox.observe()).report?.problem).toMatch(problem);
});

test('Red5 Pro, which holds one secret, is refused', async () => {
  const red5 = new Sandbox('red5', newSecret());
  red5.configure({ keyring: 'yes', reload: '' });
  expect((await red5.observe()).report?.problem).toMatch(/Red5 Pro cannot/);
  red5.remove();
});
