import { chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../lib/signing-keys/secret.ts';
import { ARN, KINDS, newSecret, newVersionId, Sandbox, type Kind } from './sandbox.ts';

const versionId = newVersionId();
const secret = newSecret();
const held = newSecret();
let sandbox: Sandbox;

beforeEach(() => use('red5'));
afterEach(() => sandbox.remove());

function use(kind: Kind): void {
  sandbox?.remove();
  sandbox = new Sandbox(kind, held);
  sandbox.answerWith(versionId, secret);
}

describe('a call from outside', () => {
  const wellFormed = ['apply', '--kind', 'red5', '--secret-arn', ARN, '--version-id', versionId];
  const replaced = (at: number, value: string) => wellFormed.with(at, value);

  test.each([
    ['no mode', []],
    ['an unknown mode', replaced(0, 'restore')],
    ['an unknown kind', replaced(2, 'red6')],
    ['a path for a kind', replaced(2, '../infra/red5')],
    ['a kind of two lines', replaced(2, 'red5\nred5')],
    ['a secret without its ARN', replaced(4, 'streampass/red5')],
    ['an ARN with a command behind it', replaced(4, `${ARN};touch injected`)],
    ['an ARN with a second line', replaced(4, `${ARN}\ntouch injected`)],
    ['an ARN with an option before it', replaced(4, `--endpoint-url=http://x ${ARN}`)],
    ['a version id with a substitution', replaced(6, '$(touch injected)-aaaaaaaaaaaaaaaaaaaaaaaa')],
    ['a version id of 31 characters', replaced(6, 'a'.repeat(31))],
    ['a version id of 65 characters', replaced(6, 'a'.repeat(65))],
    ['a version id with a second line', replaced(6, `${versionId}\n${versionId}`)],
    ['an option without a value', wellFormed.slice(0, -1)],
    ['an unknown option', [...wellFormed, '--config', '/etc/passwd']],
    ['apply without a version', wellFormed.slice(0, 5)],
    ['apply without a secret', ['apply', '--kind', 'red5', '--version-id', versionId]],
  ])('with %s is refused before anything is read', async (_, args) => {
    sandbox.configure({ secret: 'unreadable' });
    const run = await sandbox.run(args);
    expect(run.status).toBe(2);
    expect(Object.keys(run.report ?? {})).toEqual(['problem']);
    expect(sandbox.filesWith('injected')).toEqual([]);
  });

  test('cannot bring the node to a version of another secret', async () => {
    const other = ARN.replace('red5', 'jitsi');
    const run = await sandbox.run(replaced(4, other));
    expect(run.report?.problem).toBe(
      `the command names another secret than ${join(sandbox.dir, 'etc/red5.conf')} does`,
    );
    expect(sandbox.config()).toBe(sandbox.configWith(held));
  });
});

describe('the config file', () => {
  const cases: readonly (readonly [string, Kind, (file: string) => void, RegExp])[] = [
    ['missing', 'red5', (file) => rmSync(file), /is missing or no plain file$/],
    [
      'a symbolic link',
      'red5',
      (file) => (renameSync(file, `${file}.real`), symlinkSync(`${file}.real`, file)),
      /is a symbolic link/,
    ],
    ['read-only', 'red5', (file) => chmodSync(file, 0o440), /is read-only$/],
    [
      'without the key',
      'red5',
      (file) => writeFileSync(file, 'jwt.ttl.minutes=60\n'),
      /jwt\.secret is missing$/,
    ],
    [
      'with the key twice',
      'red5',
      (file) => writeFileSync(file, 'jwt.secret=a\nx=1\njwt.secret=b\n'),
      /twice, in lines 1 and 3$/,
    ],
    [
      'with the key in another spelling twice',
      'red5',
      (file) => writeFileSync(file, 'jwt\\.secret=a\njwt.secret:b\n'),
      /twice, in lines 1 and 2$/,
    ],
    [
      'with the secret over two lines',
      'red5',
      (file) => writeFileSync(file, 'jwt.secret=a\\\nb\n'),
      /over a second line/,
    ],
    [
      'with a Unicode escape in the secret',
      'red5',
      (file) => writeFileSync(file, 'jwt.secret=\\u0041\n'),
      /an escape that is not read/,
    ],
    [
      'without the key',
      'jitsi',
      (file) => writeFileSync(file, '-- app_secret = "x"\n'),
      /app_secret is missing$/,
    ],
    [
      'with the key in two hosts',
      'jitsi',
      (file) => writeFileSync(file, 'app_secret = "a"\nVirtualHost "b"\n  app_secret = "c"\n'),
      /twice, in lines 1 and 3$/,
    ],
    [
      'with an expression for a secret',
      'jitsi',
      (file) => writeFileSync(file, 'app_secret = "a" .. "b"\n'),
      /is an expression \(line 1\)/,
    ],
    [
      'with a call for a secret',
      'jitsi',
      (file) => writeFileSync(file, 'app_secret = os.getenv("X")\n'),
      /is not a plain string \(line 1\)/,
    ],
    [
      'with a string without an end',
      'jitsi',
      (file) => writeFileSync(file, 'a = 1\napp_secret = "a\n'),
      /string in line 2 has no end/,
    ],
    [
      'with a comment without an end',
      'jitsi',
      (file) => writeFileSync(file, '--[==[ app_secret = "a" ]]\n'),
      /comment in line 1 has no end/,
    ],
    [
      'without the key',
      'rtcstats',
      (file) => writeFileSync(file, 'server:\n  jwtSecret: a\n'),
      /authorization\.jwtSecret is missing$/,
    ],
    [
      'with the key twice',
      'rtcstats',
      (file) => writeFileSync(file, 'authorization:\n  jwtSecret: a\n  jwtSecret: b\n'),
      /twice, in lines 2 and 3$/,
    ],
    [
      'with the section twice',
      'rtcstats',
      (file) => writeFileSync(file, 'authorization:\n  jwtSecret: a\nauthorization:\n'),
      /authorization stands twice/,
    ],
    [
      'in flow style',
      'rtcstats',
      (file) => writeFileSync(file, 'authorization: { jwtSecret: a }\n'),
      /block style/,
    ],
    [
      'with a block text for a secret',
      'rtcstats',
      (file) => writeFileSync(file, 'authorization:\n  jwtSecret: |\n    a\n'),
      /not a plain string/,
    ],
    [
      'with an alias for a secret',
      'rtcstats',
      (file) => writeFileSync(file, 'authorization:\n  jwtSecret: *other\n'),
      /not a plain string/,
    ],
    [
      'with the secret over two lines',
      'rtcstats',
      (file) => writeFileSync(file, 'authorization:\n  jwtSecret: a\n    b\n'),
      /over a second line/,
    ],
    [
      'with nothing for a secret',
      'rtcstats',
      (file) => writeFileSync(file, 'authorization:\n  jwtSecret:\n'),
      /has no value \(line 2\)/,
    ],
  ];

  test.each(cases)(
    '%s (%s) is one line in the report, and stays as it is',
    async (_, kind, spoil, problem) => {
      use(kind);
      spoil(sandbox.configFile);
      const file = `server/${basename(sandbox.configFile)}`;
      const before = sandbox.read(file);
      const run = await sandbox.apply(versionId);
      expect(run.status).toBe(1);
      expect(run.report?.problem).toMatch(problem);
      expect(run.report?.versionId).toBeUndefined();
      expect(sandbox.read(file)).toBe(before);
      expect(sandbox.reloads()).toBe(0);
      expect(sandbox.filesWith(secret)).toEqual(['answer']);
    },
  );

  test.each(KINDS)('of %s with an empty secret is reported, for it lets everybody in', async (kind) => {
    use(kind);
    writeFileSync(sandbox.configFile, sandbox.configWith(''));
    expect((await sandbox.observe()).report?.problem).toContain('accepts anybody');
  });
});

describe('the reload', () => {
  const loaded = async () => (await sandbox.observe()).report;

  test.each([
    ['fails', 'exit 3', 'the reload command failed with exit status 3'],
    ['hangs', 'sleep 60', 'the reload command did not end within 1 s'],
    [
      'hangs and ignores SIGTERM',
      'trap "" TERM; while :; do sleep 1; done',
      'the reload command did not end within 1 s',
    ],
  ])('that %s is a problem, and is repeated by the next run', async (_, reload, problem) => {
    sandbox.executable('timeout', 'shift 2; exec /usr/bin/timeout -k 0.2 "$@"');
    expect((await sandbox.observe()).report?.fingerprint).toBe(fingerprintOf(held));
    writeFileSync(join(sandbox.dir, 'state/red5.loaded'), `${fingerprintOf(held)}\n`);
    sandbox.configure({ reload, reload_seconds: '1' });
    const run = await sandbox.apply(versionId);
    expect(run.report).toEqual({ mode: 'apply', kind: 'red5', settings: run.report?.settings, problem });
    expect(await loaded()).toMatchObject({
      fingerprint: fingerprintOf(held),
      problem: 'the config has changed since the server was last reloaded: a reload is due',
    });

    sandbox.configure({});
    expect((await sandbox.apply(versionId)).report?.problem).toBeUndefined();
    expect(sandbox.reloads()).toBe(1);
    expect(await loaded()).toMatchObject({ fingerprint: fingerprintOf(secret) });
  });

  test('after which nothing answers is a problem', async () => {
    sandbox.configure({ ready: 'http://127.0.0.1:9/', ready_seconds: '1' });
    const run = await sandbox.apply(versionId);
    expect(run.report?.problem).toBe(
      'the server did not answer at http://127.0.0.1:9/ within 1 s after its reload',
    );
  });

  test('leaves nothing of its output in the report, whatever it prints', async () => {
    sandbox.configure({ reload: `cat '${sandbox.configFile}'; cat '${sandbox.configFile}' >&2` });
    const run = await sandbox.apply(versionId);
    expect(run.status).toBe(0);
    expect(run.stdout + run.stderr).not.toContain(secret);
  });
});

test('refuses to boot under a running server, which would go on with what it has read', async () => {
  sandbox.configure({ ready: 'http://127.0.0.1:9/' });
  sandbox.executable('curl', 'exit 0');
  expect((await sandbox.boot()).report?.problem).toContain('running already');
  expect(sandbox.config()).toBe(sandbox.configWith(held));
});

test('lets one run at a time work on a server', async () => {
  // The first run stands in its reload until it is let go; the second one's patience is cut to nothing.
  sandbox.configure({ reload: `until [ -e '${join(sandbox.dir, 'go')}' ]; do sleep 0.02; done` });
  const first = sandbox.apply(versionId);
  while (sandbox.config() !== sandbox.configWith(secret))
    await new Promise((resolve) => setTimeout(resolve, 5));
  sandbox.executable('flock', 'exec /usr/bin/flock -w 0 9');
  expect((await sandbox.observe()).report?.problem).toBe('another run of this script is at work');
  writeFileSync(join(sandbox.dir, 'go'), '');
  expect((await first).status).toBe(0);
});

test.each([
  ['is missing', undefined, /is missing or cannot be read$/],
  ['has an unknown line', { colour: 'red' }, /a line is none of/],
  ['names its secret without the ARN', { secret: 'streampass/red5' }, /must be the full ARN/],
  ['has a relative path', { config: 'red5.properties' }, /must be the absolute path/],
  ['has no reload', { reload: '' }, /reload= must be/],
  ['has a limit that is no number', { reload_seconds: '1;reboot' }, /reload_seconds= must be/],
] as const)("says what is wrong where the node's own file %s", async (_, lines, problem) => {
  if (lines === undefined) rmSync(join(sandbox.dir, 'etc/red5.conf'));
  else sandbox.configure(lines);
  expect((await sandbox.observe()).report?.problem).toMatch(problem);
});
