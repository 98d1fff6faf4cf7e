import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import type { GetPublicKeyOrSecret } from 'jsonwebtoken';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import type { SecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import { fileServers } from '../../lib/fleet/files.ts';
import { ownFiles } from '../../lib/fleet/replace-file.ts';
import { keyRingFile } from '../../lib/fleet/secret-file.ts';
import { rtcstats } from '../../lib/media-servers/index.ts';
import { rotatedService, START, wholeRotation } from '../support/whole-rotation.ts';

/** A whole rotation of servers with key rings: three rtcstats-servers, one token at a time, and nothing is ever reloaded. */

const MODULE = join(import.meta.dirname, '../../server-plugins/rtcstats/production.cjs');
const require = createRequire(import.meta.url);

let endpoint: SecretsManagerEndpoint;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'streampass-keyring-'));
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(START * 1000);
  vi.spyOn(console, 'error').mockImplementation(() => {});
  endpoint = await createSecretsManagerEndpoint({ port: 0, now: () => Date.now() });
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  delete process.env['STREAMPASS_KEYRING'];
  await endpoint.close();
  await rm(folder, { recursive: true });
});

/** One server: its settings module in a process of its own would do the same; here each has a copy with its own file. */
function startServer(file: string): GetPublicKeyOrSecret {
  process.env['STREAMPASS_KEYRING'] = file;
  delete require.cache[MODULE];
  const settings = require(MODULE) as { authorization: { jwtSecret: GetPublicKeyOrSecret } };
  return settings.authorization.jwtSecret;
}

function isAccepted(token: string, jwtSecret: GetPublicKeyOrSecret): Promise<boolean> {
  return new Promise((resolve) => jwt.verify(token, jwtSecret, (error) => resolve(error === null)));
}

test('every server accepts every live token at every minute', async () => {
  const files = ['a', 'b', 'c'].map((name) => join(folder, `${name}.json`));
  await Promise.all(files.map((file) => writeFile(file, '')));
  const nodes = files.map(startServer);

  const target = rtcstats({
    secret: 'streampass/rtcstats',
    keyring: true,
    longestToken: 3600,
    fleet: { by: 'files', files },
  });
  endpoint.execute('CreateSecret', { Name: target.secret, ClientRequestToken: crypto.randomUUID() });
  const servers = fileServers({
    paths: files,
    format: keyRingFile,
    files: ownFiles,
    runReload: () => expect.unreachable('a reload'),
    settingsProblems: () => [],
    now: () => 0,
  });
  const api = rotatedService(endpoint, target, { ...servers, probe: async () => ({ accepted: true }) });
  // The files of a new fleet are empty until the rotation has first looked at it.
  await api.rotate('advance');
  await api.rotate('advance');

  const course = await wholeRotation(
    api,
    async (token) => {
      const accepted = await Promise.all(nodes.map((node) => isAccepted(token, node)));
      if (accepted.includes(false)) throw new Error('a server refused it');
    },
    target,
  );

  expect(course.phases).toEqual(['empty', 'steady', 'announced', 'pushing', 'promoted', 'steady']);
  expect(course.rejected).toBe(0);
  expect(course.verified).toBeGreaterThan(100);
  expect(course.kids).toHaveLength(2);
});
