import { build } from 'esbuild';
import { globSync, readFileSync } from 'node:fs';

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { copyProject, FIXTURE, ROOT, runIn } from '../support/project.ts';

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

describe('whatever a user writes there', () => {
  const edited = FIXTURE.replaceAll("'moderators'", "'hosts'")
    .replaceAll("'broadcasters'", "'authors'")
    .replaceAll('public-*', 'open-*')
    .replace(/ {4}rtcstats: rtcstats\(\{[^]*?\n {4}\}\),\n/, '')
    .replace(/ {4}\{ target: 'rtcstats'.*\n/, '')
    .replace('  rtcstats,\n', '  livekit,\n')
    .replace('  targets: {\n', `  targets: {\n    stage: livekit({ secret: 'streampass/stage' }),\n`);

  test('is built, and no unit test fails', async () => {
    expect(edited).not.toMatch(/rtcstats|moderators|public-/);
    const { code, output, folder } = await buildWith(edited);
    expect([code, output]).toEqual([0, '']);
    const suite = ['vitest', 'run', '--project', 'unit', 'test/config/check', 'test/policy', 'test/exchange'];
    expect(await runIn(folder, suite)).toMatchObject({ code: 0 });
  });
});
