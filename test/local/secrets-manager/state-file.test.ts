import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSecretsManagerEndpoint } from '../../../local/secrets-manager/endpoint.ts';
import { loadState, saveState } from '../../../local/secrets-manager/state-file.ts';
import { EMPTY_STORE } from '../../../local/secrets-manager/store.ts';
import { modelWithSecret, put, versionId } from './model.ts';
import { rawCall } from './sdk-client.ts';

let folder: string;
let stateFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-manager-'));
  stateFile = join(folder, 'kept', 'secrets.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the state file', () => {
  test('carries everything over a restart', async () => {
    const first = await createSecretsManagerEndpoint({ port: 0, stateFile });
    first.execute('CreateSecret', {
      Name: 's',
      Description: 'shared with the servers',
      ClientRequestToken: versionId(1),
      SecretBinary: 'AQI=',
      Tags: [{ Key: 'a', Value: '1' }],
    });
    first.execute('PutSecretValue', put(2, 'AWSPENDING'));
    first.execute('RotateSecret', {
      SecretId: 's',
      ClientRequestToken: versionId(3),
      RotationLambdaARN: 'arn',
    });
    first.execute('GetSecretValue', { SecretId: 's' });
    await first.close();

    const second = await createSecretsManagerEndpoint({ port: 0, stateFile });
    expect(second.state()).toEqual(first.state());
    expect(second.execute('PutSecretValue', put(2)).output).toMatchObject({ VersionStages: ['AWSPENDING'] });
    await second.close();
  });

  test('is for its owner only, and nothing is left beside it', () => {
    saveState(stateFile, modelWithSecret().store);
    expect(statSync(stateFile).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'kept'))).toEqual(['secrets.json']);
  });

  test('replaces a half-written neighbour, and does not follow a link in its place', () => {
    saveState(stateFile, EMPTY_STORE);
    const elsewhere = join(folder, 'elsewhere');
    writeFileSync(elsewhere, 'untouched', { mode: 0o644 });
    symlinkSync(elsewhere, `${stateFile}.tmp`);
    saveState(stateFile, modelWithSecret().store);
    expect(readFileSync(elsewhere, 'utf8')).toBe('untouched');
    expect(statSync(stateFile).mode & 0o777).toBe(0o600);
    expect(loadState(stateFile)).toEqual(modelWithSecret().store);
  });

  test('a neighbour that a killed process left behind is removed at the next start', () => {
    saveState(stateFile, modelWithSecret().store);
    writeFileSync(`${stateFile}.tmp`, '{"format":"strea');
    expect(loadState(stateFile)).toEqual(modelWithSecret().store);
    expect(existsSync(`${stateFile}.tmp`)).toBe(false);
  });

  test('an absent one is an empty store', () => {
    expect(loadState(stateFile)).toEqual(EMPTY_STORE);
  });

  test('a call whose result cannot be saved fails and has no effect', async () => {
    const logged = vi.spyOn(console, 'error').mockReturnValue();
    const endpoint = await createSecretsManagerEndpoint({ port: 0, stateFile });
    writeFileSync(join(folder, 'kept'), 'a file where the folder should be');
    const body = JSON.stringify({ Name: 's', ClientRequestToken: versionId(1), SecretString: 'x' });
    const answer = await rawCall(endpoint, 'secretsmanager.CreateSecret', body);
    expect(answer).toMatchObject({ status: 500, body: { __type: 'InternalServiceError' } });
    expect(endpoint.state()).toBe(EMPTY_STORE);
    expect(logged.mock.calls.map(String)).toEqual([expect.stringContaining('EEXIST')]);
    logged.mockRestore();
    await endpoint.close();
  });
});

describe('a state file that cannot be used is one line that names it', () => {
  function withStore(change: (text: string) => string): string {
    const model = modelWithSecret();
    model.answer('PutSecretValue', put(2, 'AWSPENDING'));
    saveState(stateFile, model.store);
    return change(readFileSync(stateFile, 'utf8'));
  }

  test.each([
    ['cut short', (text: string) => text.slice(0, -20), 'is not JSON'],
    ['empty', () => '', 'is not JSON'],
    ['of another program', () => '{"secrets":[]}', 'does not hold a store'],
    [
      'with a label on two versions',
      (text: string) => text.replace('AWSPENDING', 'AWSCURRENT'),
      'does not hold a store',
    ],
    [
      'with a version without labels',
      (text: string) => text.replace('"labels"', '"lab"'),
      'does not hold a store',
    ],
    [
      'with a value that is not a string',
      (text: string) => text.replace('"value 1"', '1'),
      'does not hold a store',
    ],
  ])('%s', async (_, change, problem) => {
    const text = withStore(change);
    writeFileSync(stateFile, text);
    const failure: unknown = await createSecretsManagerEndpoint({ port: 0, stateFile }).catch(
      (error: unknown) => error,
    );
    const message = failure instanceof Error ? failure.message : '';
    expect(message).toContain(`${stateFile} ${problem}`);
    expect(message).not.toContain('\n');
    expect(String((failure as Error).stack)).not.toContain('value 1');
    // It is the operator's to look at: it stays as it is.
    expect(readFileSync(stateFile, 'utf8')).toBe(text);
  });

  test('a folder', () => {
    expect(() => loadState(folder)).toThrow(`cannot read the Secrets Manager state file ${folder}: EISDIR`);
  });
});

test('a process killed at any moment leaves a whole store, with every write that it had confirmed', async () => {
  // Writes versions without end, each confirmed by its number on a line; killed while the next is under way.
  const program = `
    import { createSecretsManagerEndpoint } from ${JSON.stringify(import.meta.resolve('../../../local/secrets-manager/endpoint.ts'))};
    const endpoint = await createSecretsManagerEndpoint({ port: 0, stateFile: process.argv[1] });
    const versions = () => endpoint.state().secrets[0]?.versions.length ?? 0;
    endpoint.execute('CreateSecret', { Name: 's' });
    for (;;) {
      const token = String(versions()).padStart(32, '0');
      const SecretString = 'x'.repeat(20_000);
      endpoint.execute('PutSecretValue', { SecretId: 's', ClientRequestToken: token, SecretString });
      process.stdout.write(versions() + '\\n');
      await new Promise(setImmediate);
    }`;
  let confirmed = 0;
  for (const confirmations of [1, 2, 3, 5, 8, 13]) {
    const writer = spawn(process.execPath, ['--input-type=module', '--eval', program, stateFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(writer, 'exit');
    let left = confirmations;
    for await (const line of createInterface({ input: writer.stdout })) {
      confirmed = Number(line);
      left -= 1;
      if (left === 0) writer.kill('SIGKILL');
    }
    await exit;
    const versions = loadState(stateFile).secrets[0]?.versions ?? [];
    expect(versions.length).toBeGreaterThanOrEqual(confirmed);
    expect(versions.every(({ value }) => value && 'string' in value && value.string.length === 20_000)).toBe(
      true,
    );
  }
  expect(confirmed).toBeGreaterThan(0);
});
