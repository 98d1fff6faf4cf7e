import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fingerprintOf, kidOf } from '../../lib/signing-keys/secret.ts';
import { AGENT, createMachine, fileOf, type Version } from './machine.ts';

const FIRST = 'first-secret-first-secret-first-secret-1';
const OTHER = 'other-secret-other-secret-other-secret-2';

function applying(arn: string, { versionId }: Version): string[] {
  return ['apply', '--target', 'red5', '--secret-arn', arn, '--version-id', versionId];
}

describe('streampass-node observe', () => {
  test('says by a fingerprint which secret the server holds, and its settings', async () => {
    await using machine = await createMachine('red5', FIRST);
    const run = await machine.run('observe', '--target', 'red5');
    expect(run).toMatchObject({
      status: 0,
      report: {
        version: 1,
        fingerprint: fingerprintOf(FIRST),
        settings: { active: true, ttlMinutes: 60, issuer: 'streampass' },
        problems: [],
      },
    });
    expect(run.stdout + run.stderr).not.toContain(FIRST);
  });
});

describe.each(['red5', 'jitsi', 'rtcstats'])('streampass-node apply for %s', (kind) => {
  test('brings the file to the version, and reloads the server after that', async () => {
    await using machine = await createMachine(kind, FIRST);
    machine.put(FIRST, 'AWSCURRENT');
    const next = machine.put(OTHER, 'AWSPENDING', 'STREAMPASS_SERVERS');
    machine.settings({ reload: `cp ${machine.config} ${machine.folder}/seen` });
    const before = statSync(machine.config);
    const run = await machine.run(
      'apply',
      '--target',
      kind,
      '--secret-arn',
      machine.arn,
      '--version-id',
      next.versionId,
    );
    expect(run).toMatchObject({ status: 0, report: { fingerprint: fingerprintOf(OTHER), problems: [] } });
    expect(machine.read()).toBe(fileOf(kind, OTHER));
    expect(readFileSync(join(machine.folder, 'seen'), 'utf8')).toBe(fileOf(kind, OTHER));
    const after = statSync(machine.config);
    expect([after.mode, after.uid, after.gid]).toEqual([before.mode, before.uid, before.gid]);
    expect(run.stdout + run.stderr).not.toContain(OTHER);
    expect(machine.filesWith(OTHER)).toEqual(['seen', machine.config.slice(machine.folder.length + 1)]);
  });
});

describe('streampass-node apply', () => {
  test('does nothing to a server that holds the version', async () => {
    await using machine = await createMachine('red5', FIRST);
    const version = machine.put(FIRST, 'AWSCURRENT', 'STREAMPASS_SERVERS');
    machine.settings({ reload: 'false' });
    expect(await machine.run(...applying(machine.arn, version))).toMatchObject({
      status: 0,
      report: { fingerprint: fingerprintOf(FIRST) },
    });
  });

  test('refuses a version without a label, which may have leaked', async () => {
    await using machine = await createMachine('red5', FIRST);
    const leaked = machine.put(OTHER, 'AWSCURRENT');
    machine.put(FIRST, 'AWSCURRENT');
    machine.execute('UpdateSecretVersionStage', {
      VersionStage: 'AWSPREVIOUS',
      RemoveFromVersionId: leaked.versionId,
    });
    const run = await machine.run(...applying(machine.arn, leaked));
    expect(run).toMatchObject({ status: 1 });
    expect(run.report?.problems[0]).toMatch(/carries no label|did not give/);
    expect(machine.read()).toBe(fileOf('red5', FIRST));
  });

  test.each([
    [
      'the form of the console',
      '{"secret":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}',
      /32 to 256 characters/,
    ],
    ['characters of a shell', 'pa$$ "word" & more, and more, and more, and', /32 to 256 characters/],
  ])('refuses a secret in %s', async (_, text, problem) => {
    await using machine = await createMachine('red5', FIRST);
    const run = await machine.run(...applying(machine.arn, machine.put(text, 'AWSCURRENT')));
    expect(run.status).toBe(1);
    expect(run.report?.problems[0]).toMatch(problem);
    expect(machine.read()).toBe(fileOf('red5', FIRST));
    expect(run.stdout + run.stderr).not.toContain(text);
  });

  test('says that a reload failed, and that the server does not hold the version', async () => {
    await using machine = await createMachine('red5', FIRST);
    const version = machine.put(OTHER, 'AWSCURRENT');
    machine.settings({ reload: 'false' });
    const failed = { report: { failed: { fingerprint: fingerprintOf(OTHER), times: 1 } }, status: 1 };
    const run = await machine.run(...applying(machine.arn, version));
    expect(run).toMatchObject(failed);
    expect(run.report?.fingerprint).toBeUndefined();
    expect(await machine.run('observe', '--target', 'red5')).toMatchObject(failed);
    machine.settings();
    expect(await machine.run(...applying(machine.arn, version))).toMatchObject({
      status: 0,
      report: { fingerprint: fingerprintOf(OTHER) },
    });
  });

  test('does not count on a server that does not answer after its reload', async () => {
    await using machine = await createMachine('red5', FIRST);
    machine.settings({ ready: 'http://127.0.0.1:9/', ready_seconds: '1' });
    const run = await machine.run(...applying(machine.arn, machine.put(OTHER, 'AWSCURRENT')));
    expect(run.status).toBe(1);
    expect(run.report?.problems).toEqual([
      'the server did not answer at http://127.0.0.1:9/ within 1 s after its reload',
    ]);
  });
});

describe('a key ring', () => {
  test('holds each live version by its kid, and takes only a live one', async () => {
    await using machine = await createMachine('jitsi', FIRST);
    machine.settings({ keyring: 'yes', reload: '' });
    writeFileSync(machine.config, '');
    const current = machine.put(FIRST, 'AWSCURRENT');
    const pending = machine.put(OTHER, 'AWSPENDING');
    const args = (versionId: string) =>
      ['apply', '--target', 'jitsi', '--secret-arn', machine.arn, '--version-id', versionId] as const;
    expect(await machine.run(...args(current.versionId))).toMatchObject({
      status: 0,
      report: {
        ring: {
          [kidOf(current.versionId)]: fingerprintOf(FIRST),
          [kidOf(pending.versionId)]: fingerprintOf(OTHER),
        },
      },
    });
    expect(await machine.run(...args(crypto.randomUUID()))).toMatchObject({ status: 1 });
  });

  test('is not written over a config file', async () => {
    await using machine = await createMachine('jitsi', FIRST);
    machine.settings({ keyring: 'yes', reload: '' });
    const { versionId } = machine.put(OTHER, 'AWSCURRENT');
    const run = await machine.run('apply', '--target', 'jitsi', '--version-id', versionId);
    expect(run.report?.problems[0]).toMatch(/^is neither empty nor a key ring/);
    expect(machine.read()).toBe(fileOf('jitsi', FIRST));
  });
});

describe('streampass-node boot', () => {
  test('fetches the version for servers before the server starts, though the current one is made by hand', async () => {
    await using machine = await createMachine('red5', FIRST);
    machine.put(OTHER, 'AWSCURRENT', 'STREAMPASS_SERVERS');
    machine.put('{"secret":"made by hand"}', 'AWSCURRENT');
    machine.settings({ reload: 'false' });
    const run = await machine.run('boot', '--target', 'red5');
    expect(run).toMatchObject({ status: 0, report: { fingerprint: fingerprintOf(OTHER) } });
    // The server starts after this, and has read the file then.
    expect(await machine.run('observe', '--target', 'red5')).toMatchObject({
      report: { fingerprint: fingerprintOf(OTHER) },
    });
  });

  test('waits for a version', async () => {
    await using machine = await createMachine('red5', FIRST);
    const child = machine.start('boot', '--target', 'red5');
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    await new Promise<void>((resolve) => child.stderr?.once('data', () => resolve()));
    machine.put(OTHER, 'AWSCURRENT', 'STREAMPASS_SERVERS');
    expect(await ended).toBe(0);
    expect(machine.read()).toBe(fileOf('red5', OTHER));
  });
});

describe('a wrong call', () => {
  test.each([
    [[], 2, /--target red5/],
    [['restart', '--target', 'red5'], 2, /the commands are/],
    [['observe', '--target', '../red5'], 2, /--target red5/],
    [['observe', '--target', 'red5', '--verbose'], 2, /--verbose/],
    [['apply', '--target', 'red5'], 2, /--version-id/],
    [
      ['observe', '--target', 'other'],
      1,
      /other\.conf does not exist, and in the environment: kind: is missing/,
    ],
    [['observe', '--target', 'red5', '--secret-arn', 'arn:other'], 1, /names the secret arn:other/],
  ] as const)('%j is one line with its remedy', async (args, status, problem) => {
    await using machine = await createMachine();
    const run = await machine.run(...args);
    expect(run.status).toBe(status);
    expect(run.report?.problems[0]).toMatch(problem);
  });

  test.each([
    [{ kind: 'livekit' }, /kind: must be one of antmedia, /],
    [{ secret: 'streampass/red5' }, /secret: must be the full ARN/],
    [{ config: 'red5.properties' }, /config: must be the absolute path/],
    [{ reload: '' }, /reload: must be the command/],
    [{ keyring: 'yes' }, /hold one secret/],
    [{ ready: 'http://example.com/' }, /ready: must be an address/],
    [{ reload_seconds: '0' }, /reload_seconds: must be 1 to 9999/],
    [{ colour: 'blue' }, /line 5: must be one of kind=, secret=/],
  ])('settings %j are one line', async (settings, problem) => {
    await using machine = await createMachine();
    machine.settings(settings as Record<string, string>);
    const run = await machine.run('observe', '--target', 'red5');
    expect(run.status).toBe(1);
    expect(run.report?.problems.join('\n')).toMatch(problem);
  });

  test('a setting that is listed twice is one line', async () => {
    await using machine = await createMachine();
    machine.settings({ node: 'a\nnode=b' });
    const run = await machine.run('observe', '--target', 'red5');
    expect(run).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/: node= is listed more than once/) as string,
    });
  });

  test('a folder that cannot be written is one line of install', async () => {
    await using machine = await createMachine();
    const args = [AGENT, 'install', 'red5', 'red5pro.service'];
    const root = join(machine.folder, 'root');
    mkdirSync(join(root, 'etc/streampass'), { recursive: true });
    copyFileSync(join(machine.folder, 'etc/red5.conf'), join(root, 'etc/streampass/red5.conf'));
    writeFileSync(join(root, 'usr'), '');
    const { status, stderr } = spawnSync(process.execPath, args, {
      env: { DESTDIR: root },
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^streampass-node: .* cannot be written \(ENOTDIR\): run install as root\n$/);
  });

  test('settings that another user can change are not read, for root runs their commands', async () => {
    await using machine = await createMachine();
    chmodSync(join(machine.folder, 'etc/red5.conf'), 0o666);
    expect((await machine.run('observe', '--target', 'red5')).report?.problems[0]).toMatch(/another user/);
  });
});

describe('streampass-node check', () => {
  test('shows what it would change, without the secret', async () => {
    await using machine = await createMachine('jitsi', FIRST);
    const run = await machine.run('check', machine.config, '--kind', 'jitsi');
    expect(run.status).toBe(0);
    expect(run.stdout).toBe(
      [
        `--- ${machine.config}`,
        `+++ ${machine.config}`,
        '@@ -3 +3 @@',
        '-  app_secret = "[the secret that it holds]"',
        '+  app_secret = "[the new secret]"',
        'settings that are compared: {"domain":"meet.example.com","appId":"streampass"}',
        '',
      ].join('\n'),
    );
    expect(machine.read()).toBe(fileOf('jitsi', FIRST));
  });

  test.each([
    ['jitsi', 'VirtualHost "m" turn = "another" app_secret = "HELD" -- was "another"\n', '…'],
    ['jitsi', 'VirtualHost "m"\napp_secret = [==[\nHELD]==] turn = "another"\n', ''],
    ['jitsi', 'VirtualHost "m"\napp_secret = "HEL\\z\n   D" turn = "another"\n', ''],
    ['rtcstats', '{ a: another, authorization: { jwtSecret: HELD, b: another } } # another\n', '…'],
    ['rtcstats', 'authorization:\n  jwtSecret: HEL\n    D # another\n', ''],
    ['red5', 'a=another\r\njwt.secret=HEL\\\r\n  D\r\nb=another\r\n', ''],
    ['red5', 'jwt.secret', ''],
  ])(
    'shows nothing of another secret on the line, nor of one of several lines (%s, %j)',
    async (kind, text, ellipsis) => {
      await using machine = await createMachine(kind, FIRST);
      writeFileSync(machine.config, text);
      const { stdout, status } = await machine.run('check', machine.config, '--kind', kind);
      expect(status, stdout).toBe(0);
      expect(stdout).not.toMatch(/HEL|D["\n]|another/);
      const diff = stdout.split('\n').filter((line) => /^[-+][^-+]/.test(line));
      expect(diff).toHaveLength(2);
      expect(diff.every((line) => line.includes(ellipsis))).toBe(true);
    },
  );

  test.each([
    ['a pipe', (file: string) => execFileSync('mkfifo', [file]), /is not a regular file/],
    ['a device', (file: string) => symlinkSync('/dev/zero', file), /is a symbolic link/],
    ['nothing', () => undefined, /is missing/],
  ])('says why the agent would leave %s alone', async (_, make, problem) => {
    await using machine = await createMachine('red5');
    rmSync(machine.config);
    make(machine.config);
    const run = await machine.run('check', machine.config, '--kind', 'red5');
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(problem);
  });

  test('says why it would leave a file alone', async () => {
    await using machine = await createMachine('red5', '${JWT_SECRET}');
    const run = await machine.run('check', machine.config, '--kind', 'red5');
    expect(run).toMatchObject({
      status: 1,
      stdout: `${machine.config}: line 3: jwt.secret is a placeholder, not the secret itself\n`,
    });
  });
});

describe('streampass-node install', () => {
  test('puts the agent, its command and its units into an image', async () => {
    await using machine = await createMachine();
    const root = join(machine.folder, 'root');
    mkdirSync(join(root, 'etc/streampass'), { recursive: true });
    copyFileSync(join(machine.folder, 'etc/red5.conf'), join(root, 'etc/streampass/red5.conf'));
    execFileSync(process.execPath, [AGENT, 'install', 'red5', 'red5pro.service'], { env: { DESTDIR: root } });
    expect(readFileSync(join(root, 'usr/local/bin/streampass-node'), 'utf8')).toContain(process.execPath);
    expect(statSync(join(root, 'usr/local/bin/streampass-node')).mode & 0o777).toBe(0o755);
    expect(readFileSync(join(root, 'usr/local/lib/streampass/streampass-node.mjs'))).toEqual(
      readFileSync(AGENT),
    );
    expect(
      readFileSync(join(root, 'etc/systemd/system/red5pro.service.d/streampass.conf'), 'utf8'),
    ).toContain('Requires=streampass-secret@red5.service');
    expect(existsSync(join(root, 'etc/systemd/system/streampass-secret@.service'))).toBe(true);
  });
});
