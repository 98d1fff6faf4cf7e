import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { nodeSecrets } from '../../lib/aws/node-secrets.ts';
import { readSettings } from '../../node-agent/settings.ts';
import { createWatcher } from '../../node-agent/watch.ts';
import { mayMount } from '../support/lacking.ts';
import { AGENT, createMachine, type Machine } from './machine.ts';
import { startNodesApi, type NodesApi } from './nodes-api.ts';

/** Whatever fails: one line that says what to do, nothing of a secret, and it goes on. */

const FIRST = 'first-secret-first-secret-first-secret-1';
const OTHER = 'other-secret-other-secret-other-secret-2';

type Answer = { readonly statusCode: number; readonly body: string };

let api: NodesApi;
/** What streampass answers; `undefined` breaks the connection off. */
let answer: Answer | undefined;
beforeAll(async () => {
  api = await startNodesApi(async () => answer && { headers: {}, ...answer });
});
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => api.close());

const refusedFor = (reason: string): Answer => ({ statusCode: 401, body: JSON.stringify({ reason }) });
const folderOf = (machine: Machine) => dirname(machine.config);
const run = (program: string, ...args: readonly string[]) => void execFileSync(program, args);

describe('watch', () => {
  test.each<readonly [string, (machine: Machine) => void, RegExp]>([
    ['the file is gone', ({ config }) => rmSync(config), /properties: is missing: name the file/],
    [
      'the folder is gone',
      (machine) => rmSync(folderOf(machine), { recursive: true }),
      /is missing: name the file that the server reads, or mount its folder/,
    ],
    [
      'a file stands in the place of the folder',
      (machine) => {
        rmSync(folderOf(machine), { recursive: true });
        writeFileSync(folderOf(machine), '');
      },
      /is missing/,
    ],
    [
      'a folder stands in the place of the file',
      ({ config }) => {
        rmSync(config);
        mkdirSync(config);
      },
      /is not a regular file: name the file itself/,
    ],
    [
      'the file became a link',
      ({ config }) => {
        rmSync(config);
        symlinkSync('/etc/shadow', config);
      },
      /is a symbolic link: name the file itself/,
    ],
    ['the file is none of its kind', ({ config }) => writeFileSync(config, '\0\0'), /jwt.secret is missing/],
    ['the file became empty', ({ config }) => writeFileSync(config, ''), /jwt.secret is missing/],
    ['streampass is gone', () => (answer = undefined), /not delivered: http:.* cannot be reached: socket/],
    [
      'streampass answers no JSON',
      () => (answer = { statusCode: 200, body: `<p>${FIRST}` }),
      /answered 200 \(not an answer of streampass: is report= its address\?\)/,
    ],
    [
      'streampass answers other JSON',
      () => (answer = { statusCode: 502, body: '[{"reason":"constructor"}]' }),
      /answered 502 \(not an answer of streampass/,
    ],
    [
      'its clock is wrong',
      () => (answer = refusedFor('message_stale')),
      /\(message_stale\): set the clock of this machine/,
    ],
    [
      'streampass is newer',
      () => (answer = refusedFor('message_malformed')),
      /\(message_malformed\): update the agent/,
    ],
  ])('says it in one line if %s', async (_, spoil, said) => {
    const lines = await linesAfter(spoil);
    expect(lines.filter((line) => said.test(line))).not.toEqual([]);
  });

  test.runIf(mayMount).each<readonly [string, (machine: Machine) => void, RegExp]>([
    [
      'no space is left',
      (machine) => {
        const bytes = readFileSync(machine.config);
        run('mount', '-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', folderOf(machine));
        writeFileSync(machine.config, bytes, { mode: 0o600 });
        writeFileSync(join(folderOf(machine), 'log'), 'x'.repeat(4096));
        machine.put(OTHER, 'STREAMPASS_SERVERS');
        answer = undefined;
      },
      /no space is left: free some/,
    ],
    [
      'the file system is read-only',
      (machine) => {
        run('mount', '--bind', folderOf(machine), folderOf(machine));
        run('mount', '-o', 'remount,ro,bind', folderOf(machine));
        machine.put(OTHER, 'STREAMPASS_SERVERS');
        answer = undefined;
      },
      /the file system is read-only: mount it so/,
    ],
  ])('says it in one line if %s, and the file stays whole', async (_, spoil, said) => {
    let read = '';
    const lines = await linesAfter(spoil, (machine) => {
      read = machine.read();
      run('umount', folderOf(machine));
    });
    expect(lines.filter((line) => said.test(line))).not.toEqual([]);
    expect(read).toContain(`jwt.secret=${FIRST}\njwt.ttl.minutes=60\njwt.issuer=streampass\n`);
  });
});

/** What it says at the turn after something went wrong, and at its goodbye. */
async function linesAfter(
  spoil: (machine: Machine) => void,
  after: (machine: Machine) => void = () => undefined,
): Promise<readonly string[]> {
  await using machine = await createMachine('red5', FIRST);
  const { versionId } = machine.put(FIRST, 'AWSCURRENT', 'STREAMPASS_SERVERS');
  answer = { statusCode: 200, body: JSON.stringify({ servers: versionId }) };
  machine.settings({ report: api.url });
  for (const [name, value] of Object.entries(machine.env)) vi.stubEnv(name, value);
  const lines: string[] = [];
  const watcher = createWatcher(await readSettings('red5', machine.env), (line) => void lines.push(line));
  while (await watcher.turn());
  lines.length = 0;
  spoil(machine);
  try {
    for (let turns = 0; turns < 3 && (await watcher.turn()); turns++);
    await watcher.goodbye();
  } finally {
    after(machine);
  }
  for (const line of lines) {
    expect(line).not.toMatch(/\n| {4}at |\/proc\//);
    for (const secret of [FIRST, OTHER]) expect(line).not.toContain(secret);
  }
  return lines;
}

describe('Secrets Manager', () => {
  test.each([
    ['AccessDeniedException', /attach the node policy/],
    ['ExpiredTokenException', /set the clock of this machine, or renew/],
    ['UnrecognizedClientException', /renew the credentials/],
    ['DecryptionFailure', /kms:Decrypt/],
    ['ResourceNotFoundException', /is secret= right/],
    ['ECONNREFUSED', /look at the network/],
  ])('that answers %s gives one line with its remedy', async (name, remedy) => {
    const aws = createServer((request, response) => {
      response.statusCode = 400;
      request.resume().on('end', () => response.end(JSON.stringify({ __type: name, message: 'a\nsecret' })));
    }).listen(0, '127.0.0.1');
    await once(aws, 'listening');
    const { port } = aws.address() as AddressInfo;
    if (name === 'ECONNREFUSED') aws.close();
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', `http://127.0.0.1:${port}`);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'x');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
    const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:streampass/red5-AbCdEf';
    const fetched = await nodeSecrets(arn).get({ label: 'STREAMPASS_SERVERS' });
    aws.close();
    expect(fetched).toMatchObject({ ok: false, problem: expect.stringMatching(remedy) as string });
    expect(fetched).toMatchObject({ problem: expect.stringContaining(`(${name})`) as string });
    expect(JSON.stringify(fetched)).not.toMatch(/\\n|a secret/);
  });
});

describe('the process', () => {
  test('says in one line what nobody has foreseen, and ends', async () => {
    await using machine = await createMachine();
    const defect =
      'data:text/javascript,setTimeout(() => Promise.reject(new Error(`a${String.fromCharCode(10)}b`)), 300)';
    const env = { ...machine.env, NODE_OPTIONS: `--import "${defect}"` };
    const ended = promisify(execFile)(process.execPath, [AGENT, 'boot', '--target', 'red5'], { env });
    const { stderr, code } = (await ended.catch((error: unknown) => error)) as {
      stderr: string;
      code: number;
    };
    expect(stderr).toMatch(/^streampass-node: a defect, please report it: Error: a b.*\n$/m);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(code).toBe(2);
  });

  test('goes on though nobody reads its output any more', async () => {
    await using machine = await createMachine('red5');
    const { versionId } = machine.put(FIRST, 'AWSCURRENT', 'STREAMPASS_SERVERS');
    answer = { statusCode: 200, body: JSON.stringify({ servers: versionId }) };
    machine.settings({ report: api.url, turn_seconds: '1' });
    const child = machine.start('watch', '--target', 'red5');
    child.stdout?.destroy();
    child.stderr?.destroy();
    await vi.waitFor(() => expect(machine.read()).toContain(FIRST), 10_000);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
  });
});
