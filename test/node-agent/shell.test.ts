import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Sandbox } from './sandbox.ts';

const folder = join(import.meta.dirname, '../../node-agent');
/** Comes with no npm package, so it is asked where it is installed. */
const SHELLCHECK = 'shellcheck';

const installed = (program: string) =>
  (process.env['PATH'] ?? '').split(':').some((directory) => existsSync(join(directory, program)));

describe.each(['streampass-node.sh', 'install.sh'])('%s', (file) => {
  test.each(['sh', 'dash', 'bash'].filter(installed))('is read by %s', (shell) => {
    const { status, stderr } = spawnSync(shell, ['-n', join(folder, file)], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test.runIf(installed(SHELLCHECK))('passes shellcheck', () => {
    const { status, stdout } = spawnSync(SHELLCHECK, ['--shell=sh', join(folder, file)], {
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});

const AWKS = [['gawk'], ['mawk'], ['original-awk'], ['busybox', 'awk'], ['awk']].filter(([program]) =>
  installed(program!),
);

test.each(AWKS)('reads the same out of a config with %s', (...awk) => {
  const [program, ...applet] = awk;
  for (const kind of ['red5', 'jitsi', 'rtcstats'] as const) {
    const sandbox = new Sandbox(kind, 'a-secret');
    const { stdout } = spawnSync(
      program!,
      [...applet, '-f', join(folder, 'report.awk'), '-f', join(folder, `${kind}.awk`), sandbox.configFile],
      { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
    );
    const [span = '', value] = stdout.split('\n');
    const [offset = 0, length = 0] = span.split(' ').map(Number);
    const bytes = Buffer.from(sandbox.config()).subarray(offset, offset + length);
    expect([value, bytes.toString().replaceAll('"', '')]).toEqual(['a-secret', 'a-secret']);
    sandbox.remove();
  }
});

test.each(AWKS)('reads the same out of a key ring file with %s', (...awk) => {
  const [program, ...applet] = awk;
  const sandbox = new Sandbox('rtcstats', '');
  const read = (text: string) => {
    writeFileSync(sandbox.configFile, text);
    return spawnSync(program!, [...applet, '-f', join(folder, 'keyring.awk'), sandbox.configFile], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    }).stdout;
  };
  expect(read('{\n  "11111111": "aa+/=_-",\n  "2b": "c"\n}\n')).toBe('11111111 aa+/=_-\n2b c\n');
  expect([read(''), read('{}\n')]).toEqual(['', '']);
  expect(read('{\n  "11111111": "aa"\n')).toMatch(/^problem /);
  sandbox.remove();
});

test('installs into an image, and ties the server to its secret', () => {
  const sandbox = new Sandbox('red5', '');
  const run = (...args: string[]) =>
    spawnSync('sh', [join(folder, 'install.sh'), ...args], {
      encoding: 'utf8',
      env: { ...process.env, DESTDIR: sandbox.dir },
    });
  expect(run('red5', 'red5pro.service').stderr).toContain('etc/streampass/red5.conf first');
  spawnSync('mkdir', ['-p', join(sandbox.dir, 'etc/streampass')]);
  spawnSync('cp', [join(sandbox.dir, 'etc/red5.conf'), join(sandbox.dir, 'etc/streampass/red5.conf')]);
  expect(run('red5', '../infra/x.service').status).toBe(2);
  expect(run('red5', 'red5pro.service')).toMatchObject({ status: 0, stderr: '' });
  expect(sandbox.read('etc/systemd/system/red5pro.service.d/streampass.conf')).toContain(
    'Requires=streampass-secret@red5.service',
  );
  expect(sandbox.read('usr/local/lib/streampass/red5.awk')).not.toBe('');
  sandbox.remove();
});
