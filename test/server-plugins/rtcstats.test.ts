import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import type { GetPublicKeyOrSecret } from 'jsonwebtoken';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { kidOf } from '../../lib/signing-keys/secret.ts';
import { fileServers } from '../../lib/fleet/files.ts';
import { ownFiles } from '../../lib/fleet/replace-file.ts';
import { keyRingFile } from '../../lib/fleet/secret-file.ts';

/** The settings as node-config hands them to rtcstats-server, and jsonwebtoken's `verify` as that server calls it. */

const V1 = { versionId: '11111111-0000-4000-8000-000000000001', text: `${'a'.repeat(42)}1` };
const V2 = { versionId: '22222222-0000-4000-8000-000000000002', text: `${'b'.repeat(42)}2` };
const root = join(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);

let folder: string;
let file: string;
let jwtSecret: GetPublicKeyOrSecret;

beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  folder = await mkdtemp(join(tmpdir(), 'streampass-keyring-'));
  file = join(folder, 'keyring.json');
  await mkdir(join(folder, 'config'));
  await copyFile(join(root, 'server-plugins/rtcstats/production.cjs'), join(folder, 'config/production.cjs'));
  const defaults = 'server:\n  httpPort: 8080\nauthorization:\n  jwtSecret: ""\n';
  await writeFile(join(folder, 'config/default.yaml'), defaults);
  await writeFile(file, '');
  process.env['STREAMPASS_KEYRING'] = file;
  ({
    authorization: { jwtSecret },
  } = require(join(folder, 'config/production.cjs')) as {
    authorization: { jwtSecret: GetPublicKeyOrSecret };
  });
});
afterAll(async () => {
  vi.restoreAllMocks();
  delete process.env['STREAMPASS_KEYRING'];
  await rm(folder, { recursive: true });
});
beforeEach(() => hold(V1));

/** What the rotation's adapter for files writes. */
async function hold(...versions: (typeof V1)[]): Promise<void> {
  const servers = fileServers({
    paths: [file],
    format: keyRingFile,
    files: ownFiles,
    runReload: async () => ({ ok: true }),
    settingsProblems: () => [],
    now: () => 0,
  });
  // As the docs have it made; a file that is not a ring is left alone.
  await writeFile(file, '');
  await chmod(file, 0o600);
  const [state] = await servers.apply('arn', versions, [file]);
  expect(state).toEqual({ node: file, holds: versions.map(({ versionId }) => versionId) });
}

function sign(version: typeof V1, header: { kid?: string } = { kid: kidOf(version.versionId) }): string {
  return jwt.sign({ rtcStats: {} }, version.text, { expiresIn: 60, header: { alg: 'HS256', ...header } });
}

/** `undefined` where the server lets the token in, else its reason. */
function refusal(token: string): Promise<string | undefined> {
  return new Promise((resolve) => jwt.verify(token, jwtSecret, (error) => resolve(error?.message)));
}

describe('rtcstats-server with the key ring', () => {
  test('accepts each version of the ring, and follows the file without a restart', async () => {
    expect(await refusal(sign(V1))).toBeUndefined();
    expect(await refusal(sign(V2))).toMatch(/no secret has this kid/);
    await hold(V1, V2);
    expect(await refusal(sign(V1))).toBeUndefined();
    expect(await refusal(sign(V2))).toBeUndefined();
    await hold(V2);
    expect(await refusal(sign(V1))).toMatch(/no secret has this kid/);
    expect(await refusal(sign(V2))).toBeUndefined();
  });

  test.each([
    ['one version’s name with another’s secret', () => sign(V2, { kid: kidOf(V1.versionId) })],
    ['no name', () => sign(V1, {})],
    ['the name of what every object has', () => sign(V1, { kid: 'constructor' })],
    [
      'no signature',
      () => jwt.sign({}, '', { algorithm: 'none', header: { alg: 'none', kid: kidOf(V1.versionId) } }),
    ],
    ['an empty secret', () => sign({ ...V1, text: ' ' })],
  ])('refuses a token with %s', async (_name, token) => {
    expect(await refusal(token())).toBeDefined();
  });

  test.each([
    ['is cut off', '{"11111111": "aaa'],
    ['is a list', '["a"]'],
    ['is empty', ''],
    ['holds no secret', '{}'],
    ['is a number', '7'],
    ['holds a secret that is too short', '{"11111111": ""}'],
    ['holds a number', '{"11111111": 1}'],
  ])('goes on with the last ring in order where the file %s', async (_name, content) => {
    await refusal(sign(V1));
    await writeFile(file, content);
    expect(await refusal(sign(V1))).toBeUndefined();
    expect(await refusal(sign(V2))).toBeDefined();
  });

  test('goes on with the last ring where the file is gone, and comes back with it', async () => {
    const before = await readFile(file);
    await refusal(sign(V1));
    await rm(file);
    expect(await refusal(sign(V1))).toBeUndefined();
    await writeFile(file, before);
    expect(await refusal(sign(V1))).toBeUndefined();
  });

  test('lets nobody in with a file that was never in order, and its log shows no secret', () => {
    const script = `
      process.env.STREAMPASS_KEYRING = '/nonexistent/keyring.json';
      const { authorization } = require(${JSON.stringify(join(folder, 'config/production.cjs'))});
      authorization.jwtSecret({ alg: 'HS256', kid: 'a' }, (error, secret) => console.log(error.message, secret));
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect(stdout.trim()).toBe('no secret has this kid undefined');
    expect(stderr).toBe('streampass: /nonexistent/keyring.json is not used as it is: ENOENT\n');
  });

  test('gets the function from node-config, over the secret of its defaults', () => {
    const script = `
      const config = require(${JSON.stringify(require.resolve('config'))});
      const jwt = require(${JSON.stringify(require.resolve('jsonwebtoken'))});
      jwt.verify(process.argv[1], config.get('authorization.jwtSecret'), (error, claims) =>
        console.log(error?.message ?? claims.rtcStats, config.get('server.httpPort')));
    `;
    const run = (token: string) =>
      spawnSync(process.execPath, ['-e', script, token], {
        encoding: 'utf8',
        env: {
          ...process.env,
          NODE_ENV: 'production',
          NODE_CONFIG_DIR: join(folder, 'config'),
          STREAMPASS_KEYRING: file,
        },
      });
    expect(run(sign(V1)).stdout.trim()).toBe('{} 8080');
    expect(run(sign(V2)).stdout.trim()).toMatch(/no secret has this kid 8080$/);
  });
});
