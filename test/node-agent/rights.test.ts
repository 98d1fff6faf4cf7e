import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { filesAsOwner } from '../../lib/fleet/file-work.ts';
import { createNode } from '../../lib/fleet/node.ts';
import { configFile } from '../../lib/fleet/secret-file.ts';
import { fingerprintOf } from '../../lib/signing-keys/secret.ts';
import { isRoot } from '../support/lacking.ts';
import { AGENT, fileOf } from './machine.ts';

const SERVER_USER = 54_321;
const OTHER_USER = 54_322;
const FIRST = 'first-secret-first-secret-first-secret-1';
const SECRETS = [FIRST, 'other-secret-other-secret-other-secret-2'];
/** Stands in a file that only root can read, and that the agent would take for a config file. */
const ROOTS = 'a-root-only-secret-that-nobody-may-see-001';

let folder: string;
let server: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'streampass-rights-'));
  chmodSync(folder, 0o755);
  server = join(folder, 'server');
  mkdirSync(join(server, 'conf'), { recursive: true });
  file = join(server, 'conf/red5-web.properties');
  writeFileSync(file, fileOf('red5', FIRST), { mode: 0o640 });
  for (const path of [server, join(server, 'conf'), file]) chownSync(path, SERVER_USER, SERVER_USER);
  // Where it is installed, every user can run it.
  copyFileSync(AGENT, join(folder, 'streampass-node.mjs'));
  mkdirSync(join(folder, 'root'), { mode: 0o700 });
  writeFileSync(join(folder, 'root/red5-web.properties'), fileOf('red5', ROOTS), { mode: 0o600 });
  mkdirSync(join(folder, 'other'), { mode: 0o700 });
  writeFileSync(join(folder, 'other/red5-web.properties'), fileOf('red5', ROOTS), { mode: 0o600 });
  for (const path of ['other', 'other/red5-web.properties'])
    chownSync(join(folder, path), OTHER_USER, OTHER_USER);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const node = (path = file) =>
  createNode({
    file: path,
    format: configFile('red5'),
    files: filesAsOwner([process.execPath, join(folder, 'streampass-node.mjs'), 'file-work']),
    reload: 'reload',
    runReload: async () => ({ ok: true }),
    now: () => 1_800_000_000,
  });
const version = (text: string) => ({ versionId: `version-of-${text.slice(0, 5)}-0000000000000000`, text });

test.runIf(isRoot)('root installs no Node from a folder of another user', () => {
  const program = join(folder, 'other/node');
  copyFileSync(process.execPath, program);
  const { status, stderr } = spawnSync(program, [AGENT, 'install', 'red5', 'red5pro.service'], {
    env: {},
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toBe(
    `streampass-node: ${join(folder, 'other')} can be changed by another user: install Node for the whole machine\n`,
  );
});

describe.runIf(isRoot)('root, in a folder of the server user', () => {
  test('changes the file as that user: owner, group and mode stay', async () => {
    const report = await node().apply([version(SECRETS[1]!)]);
    expect(report).toMatchObject({ fingerprint: fingerprintOf(SECRETS[1]!), problems: [] });
    const { uid, gid, mode } = lstatSync(file);
    expect([uid, gid, mode & 0o777]).toEqual([SERVER_USER, SERVER_USER, 0o640]);
    for (const name of readdirSync(join(server, 'conf')))
      expect(lstatSync(join(server, 'conf', name)).uid, name).toBe(SERVER_USER);
  });

  test.each([
    ['to root’s folder', 'root'],
    ['to another user’s folder', 'other'],
  ])('a folder that was replaced by a link %s is refused', async (_, target) => {
    const { renameSync, symlinkSync, lchownSync } = await import('node:fs');
    renameSync(join(server, 'conf'), join(server, 'was'));
    symlinkSync(join(folder, target), join(server, 'conf'));
    lchownSync(join(server, 'conf'), SERVER_USER, SERVER_USER);
    const report = await node().apply([version(SECRETS[1]!)]);
    expect(report.fingerprint).toBeUndefined();
    expect(report.problems[0]).toMatch(/permission denied|could lead the other astray/);
    expect(readFileSync(join(folder, target, 'red5-web.properties'), 'utf8')).toBe(fileOf('red5', ROOTS));
    expect(readdirSync(join(folder, target))).toEqual(['red5-web.properties']);
  });

  test('a file of another group is left alone, with what to do', async () => {
    chownSync(file, SERVER_USER, OTHER_USER);
    const report = await node().apply([version(SECRETS[1]!)]);
    expect(report.problems[0]).toMatch(
      /group 54322, which user 54321 of group 54321 cannot give.*group of its folder/,
    );
    expect(readFileSync(file, 'utf8')).toBe(fileOf('red5', FIRST));
  });

  test('gives the server user nothing, whatever it does to its files meanwhile', async () => {
    // Links, pipes, devices, renames, over and over, with the rights of the server's user.
    const attacker = spawn(process.execPath, ['--input-type=module', '-e', ATTACK], {
      uid: SERVER_USER,
      gid: SERVER_USER,
      cwd: '/',
      env: { CONF: join(server, 'conf'), ROOT: join(folder, 'root'), OTHER: join(folder, 'other') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let tricks = 0;
    attacker.stdout.on('data', (part: Buffer) => (tricks += part.length));
    const reports: string[] = [];
    try {
      for (let turn = 0; turn < 40; turn++) {
        const report = await node().apply([version(SECRETS[turn % 2]!)]);
        reports.push(JSON.stringify(report));
      }
    } finally {
      attacker.kill('SIGKILL');
      await new Promise((resolve) => attacker.on('close', resolve));
    }
    expect(tricks).toBeGreaterThan(100);
    for (const target of ['root', 'other']) {
      expect(readdirSync(join(folder, target))).toEqual(['red5-web.properties']);
      expect(readFileSync(join(folder, target, 'red5-web.properties'), 'utf8')).toBe(fileOf('red5', ROOTS));
    }
    expect(reports.join('\n')).not.toContain(fingerprintOf(ROOTS));
    for (const name of readdirSync(server, { recursive: true, encoding: 'utf8' })) {
      const path = join(server, name);
      const found = lstatSync(path);
      expect(found.uid, path).toBe(SERVER_USER);
      expect(found.gid, path).toBe(SERVER_USER);
      if (found.isFile()) expect(readFileSync(path, 'utf8'), path).not.toContain(ROOTS);
    }
  }, 120_000);
});

/** Runs until it is killed; prints a dot for each trick that worked. */
const ATTACK = `
  import fs from 'node:fs';
  import { execFileSync } from 'node:child_process';
  const { CONF, ROOT, OTHER } = process.env;
  const file = CONF + '/red5-web.properties';
  const note = CONF + '/.red5-web.properties.streampass-reload';
  const good = fs.readFileSync(file);
  const put = (path) => { fs.writeFileSync(path + '.mine', good, { mode: 0o640 }); fs.renameSync(path + '.mine', path); };
  const link = (to, path) => { fs.rmSync(path, { force: true, recursive: true }); fs.symlinkSync(to, path); };
  const tricks = [
    () => link(ROOT + '/red5-web.properties', file),
    () => link('/dev/zero', file),
    () => link('/etc/shadow', note),
    () => { fs.rmSync(file, { force: true }); execFileSync('mkfifo', [file]); },
    () => { fs.rmSync(note, { force: true, recursive: true }); execFileSync('mkfifo', [note]); },
    () => fs.linkSync(file, CONF + '/second'),
    () => fs.rmSync(CONF + '/second', { force: true }),
    () => { fs.renameSync(CONF, CONF + '-was'); fs.symlinkSync(ROOT, CONF); fs.rmSync(CONF); fs.renameSync(CONF + '-was', CONF); },
    () => { fs.renameSync(CONF, CONF + '-was'); fs.symlinkSync(OTHER, CONF); fs.rmSync(CONF); fs.renameSync(CONF + '-was', CONF); },
    () => fs.chmodSync(file, 0o4755),
    () => { for (const name of fs.readdirSync(CONF)) if (name.includes('streampass-new')) link('/etc/shadow', CONF + '/' + name); },
    () => { for (const name of fs.readdirSync(CONF)) if (name.includes('streampass-new')) fs.renameSync(CONF + '/' + name, CONF + '/taken'); },
    () => fs.rmSync(CONF + '/taken', { force: true }),
    () => put(file),
    () => put(file),
    () => { fs.writeFileSync(note + '.mine', '{"version":1,"loaded":"' + 'x'.repeat(1000) + '"}'); fs.renameSync(note + '.mine', note); },
    () => fs.rmSync(note, { force: true, recursive: true }),
  ];
  for (let at = 0; ; at++) {
    try { tricks[Math.floor(Math.random() * tricks.length)](); process.stdout.write('.'); } catch {}
    if (at % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
`;
