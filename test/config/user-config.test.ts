import { build } from 'esbuild';
import { globSync, readFileSync } from 'node:fs';

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { copyProject, ROOT, runIn } from '../support/project.ts';

/** `streampass.config.ts` is the user's: this file alone looks at it. */

async function buildWith(config: string): Promise<{ code: number; output: string; folder: string }> {
  const folder = await copyProject(config);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { ...(await runIn(folder, [process.execPath, 'build/build.ts'])), folder };
}

test('streampass.config.ts is valid', async () => {
  expect(await buildWith(readFileSync(join(ROOT, 'streampass.config.ts'), 'utf8'))).toMatchObject({
    code: 0,
    output: '',
  });
});

test('no other test depends on it', async () => {
  const own = 'test/config/user-config.test.ts';
  const entryPoints = globSync('{test,client/test,bench}/**/*.ts', { cwd: ROOT }).filter(
    (file) => file !== own,
  );
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints,
    bundle: true,
    write: false,
    outdir: 'dist',
    format: 'esm',
    platform: 'node',
    packages: 'external',
    loader: { '.md': 'text', '.html': 'text' },
    metafile: true,
  });
  const files = Object.keys(metafile.inputs);
  expect(files).toContain('test/support/streampass.config.ts');
  expect(files).not.toContain('streampass.config.ts');
});

/** Other names, other targets, other groups than the example's. */
const OWN = `
import { defineConfig, hours, livekit, mediamtx, okta, red5 } from './lib/config/index.ts';

export default defineConfig(({ stage }) => ({
  issuers: [okta({ domain: 'acme.okta.com', clientId: 'app' })],
  targets: {
    hall: livekit({}),
    cameras: mediamtx({ issuer: 'acme' }),
    studio: red5({ issuer: stage, secret: 'acme/studio' }),
  },
  grants: [
    { group: 'staff', target: 'studio', actions: ['publish'], rooms: ['news-*'], ttl: hours(1) },
    { group: 'staff', target: 'cameras', actions: ['publish', 'read'], rooms: ['*'], ttl: hours(1) },
    { target: 'hall', actions: ['subscribe'], rooms: ['*'], ttl: hours(1) },
  ],
}));
`;

test('whatever a user writes there is built, and fails no unit test', async () => {
  const { code, output, folder } = await buildWith(OWN);
  expect([code, output]).toEqual([0, '']);
  const suite = ['vitest', 'run', '--project', 'unit', 'test/config', 'test/policy', 'test/exchange'];
  expect(await runIn(folder, suite)).toMatchObject({ code: 0 });
}, 120_000);
