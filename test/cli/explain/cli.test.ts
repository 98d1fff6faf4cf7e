import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROJECT } from '../../support/project.ts';

const SECRET = 'a-secret-of-forty-characters-for-a-test-';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'explain-'));
  const config = await readFile(join(PROJECT, 'test/support/streampass.config.ts'), 'utf8');
  const changed = config
    .replace("'../../lib/", `'${pathToFileURL(PROJECT).href}/lib/`)
    .replace("['public-*']", "['public-*', 'vip']");
  await writeFile(join(folder, 'new.config.ts'), changed);
  await writeFile(join(folder, 'wrong.config.ts'), changed.replace("target: 'red5'", "target: 'reed5'"));
  await writeFile(join(folder, 'other.ts'), 'export default 1;\n');
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs the command as a shell does. */
function explain(args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [join(PROJECT, 'cli/explain/explain.ts'), ...args],
      { cwd: PROJECT, env: { ...process.env, ...env } },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

function token(): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = { rtcStats: { user: 'anna', session: 's-1' }, exp: Math.floor(Date.now() / 1000) + 600 };
  const input = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', SECRET).update(input).digest('base64url')}`;
}

describe('npm run explain', () => {
  test('policy says what a group may do', async () => {
    const { code, stdout } = await explain(['policy', '--group', 'viewers', '--target', 'red5']);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'subscribe in public-* over WHEP for at most 15 min\n    by grants[1] (group viewers)',
    );
  });

  test('policy says how a request for one room is answered, and honours action and transport', async () => {
    const viewer = ['policy', '--group', 'viewers', '--target', 'red5', '--room'];
    const answers = await Promise.all([
      explain([...viewer, 'public-1']),
      explain([...viewer, 'lobby']),
      explain([...viewer, 'public-1', '--action', 'publish']),
      explain([...viewer, 'public-1', '--transport', 'WHIP']),
      explain([...viewer, 'a b/c']),
    ]);
    expect(answers.map(({ stdout }) => stdout.split('\n')[1])).toEqual([
      '  granted: subscribe in public-1 over WHEP for at most 15 min, by grants[1]',
      expect.stringMatching(/^ {2}refused: room_not_allowed: /),
      expect.stringMatching(/^ {2}refused: action_not_allowed: /),
      expect.stringMatching(/^ {2}refused: transport_not_allowed: /),
      expect.stringMatching(/^ {2}refused: room_malformed: /),
    ]);
  });

  test('policy reads claims from standard input', async () => {
    const { stdout } = await explain(['policy', '-', '--target', 'jitsi'], '{"groups":["moderators"]}');
    expect(stdout).toContain('join moderate in any room for at most 1 h');
  });

  test('token reads a token from standard input, and a secret from the environment alone', async () => {
    const args = ['token', '-', '--target', 'rtcstats', '--secret-from-env', 'RTCSTATS_SECRET'];
    const { code, stdout } = await explain(args, `${token()}\n`, { RTCSTATS_SECRET: SECRET });
    expect(code).toBe(0);
    expect(stdout).toContain('signature: checked\nreport: accepted');
    expect(stdout).not.toContain(SECRET);
  });

  test('diff says who gains', async () => {
    const { code, stdout } = await explain(['diff', 'streampass.config.ts', join(folder, 'new.config.ts')]);
    expect(code).toBe(0);
    expect(stdout).toBe('group viewers:\n  gains    red5: subscribe in vip over WHEP for at most 15 min\n');
  });

  test('diff reads rules from standard input', async () => {
    const { stdout } = await explain(['diff', 'streampass.config.ts', '-'], '[]');
    expect(stdout).toContain('everyone signed in:\n  loses    jitsi: join in public-* for at most 1 h');
  });

  test('--help shows each command', async () => {
    const { code, stdout } = await explain(['--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/policy[^]*token[^]*diff[^]*--config/);
  });
});

describe('bad input is one line, and exit code 2:', () => {
  test.each([
    ['no command', [], /^explain: name a command/],
    ['an unknown command', ['what'], /there is no command "what"/],
    ['an unknown option', ['policy', '--user', 'x'], /--user/],
    [
      'an unknown target',
      ['policy', '--target', 'reed5'],
      /no target is called "reed5": there are red5, jitsi, rtcstats/,
    ],
    ['a token without a target', ['token', 'a.b.c'], /--target red5\|jitsi\|rtcstats/],
    ['no token', ['token', 'abc', '--target', 'red5'], /not a JWT/],
    [
      'an action of another target',
      ['token', 'a.b.c', '--target', 'red5', '--action', 'join'],
      /red5 knows no "join"/,
    ],
    [
      'a file that is not there',
      ['diff', 'streampass.config.ts', 'nowhere.ts'],
      /nowhere\.ts: cannot be read/,
    ],
    ['one file', ['diff', 'streampass.config.ts'], /two files/],
  ])('%s', async (_title, args, message) => {
    const { code, stdout, stderr } = await explain(args);
    expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({
      code: 2,
      stdout: '',
      lines: 1,
    });
    expect(stderr).toMatch(message);
  });

  test.each([
    ['a configuration with a mistake', 'wrong.config.ts', /grants\[0\]\.target: no target is called "reed5"/],
    [
      'a file that is not a configuration',
      'other.ts',
      /other\.ts: must be an object|other\.ts: the default export must be/,
    ],
  ])('%s', async (_title, file, message) => {
    const { code, stderr } = await explain(['policy', '--config', join(folder, file)]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  test('a secret that was written where a variable’s name belongs is not repeated', async () => {
    const { code, stderr } = await explain([
      'token',
      token(),
      '--target',
      'rtcstats',
      '--secret-from-env',
      SECRET,
    ]);
    expect(code).toBe(2);
    expect(stderr).not.toContain(SECRET);
  });
});
