/**
 * Copies of the repository with another configuration, built: what the tests of bundles, of the stack and of the local stack
 * run in. A user's `streampass.config.ts` and `dist` are neither read nor changed.
 */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { lacking } from './lacking.ts';

/** The repository. */
export const ROOT = join(import.meta.dirname, '../..');

/** The copy that has the fixture's configuration, made before the first test; for a script of its own, the repository. */
export const PROJECT = process.env['STREAMPASS_TEST_PROJECT'] ?? ROOT;

/** What no copy needs: it is large, or each makes its own. */
const LEFT_OUT = new Set([
  '.git',
  'node_modules',
  'dist',
  '.streampass',
  '.serverless',
  'test-output',
  'coverage',
]);

/** The fixture's text, as it stands at the root of a copy. */
export const FIXTURE = readFileSync(join(import.meta.dirname, 'streampass.config.ts'), 'utf8').replaceAll(
  `'../../lib/`,
  `'./lib/`,
);

/**
 * Copies the repository's files, with this text as its `streampass.config.ts`.
 *
 * @returns its folder, in the system's temporary one; the caller removes it
 */
export async function copyProject(config: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'streampass-project-'));
  await cp(ROOT, folder, {
    recursive: true,
    filter: (file) => !LEFT_OUT.has(file.slice(ROOT.length + 1)) && !file.endsWith('/client/dist'),
  });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'streampass.config.ts'), config);
  return folder;
}

/** Runs a script of a project's `package.json`, or another program, and resolves with what it printed and its exit code. */
export async function runIn(
  folder: string,
  [program = '', ...values]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly output: string }> {
  const bin = join(ROOT, 'node_modules/.bin');
  const path = `${bin}:${process.env['PATH'] ?? ''}`;
  try {
    const { stdout, stderr } = await promisify(execFile)(program, values, {
      cwd: folder,
      env: { HOME: process.env['HOME'] ?? folder, ...env, PATH: path },
      maxBuffer: 64 * 1024 * 1024,
    });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { code, output: stdout + stderr };
  }
}

/** Builds a project. @throws {Error} with what the build printed */
export async function buildProject(folder: string): Promise<void> {
  const { code, output } = await runIn(folder, [process.execPath, 'build/build.ts']);
  if (code !== 0) throw new Error(`the build failed:\n${output}`);
}

/** For vitest: the project of the fixture stands while the tests run. Says what this machine cannot run. */
export async function setup(): Promise<() => Promise<void>> {
  for (const line of lacking) console.warn(line);
  const folder = await copyProject(FIXTURE);
  process.env['STREAMPASS_TEST_PROJECT'] = folder;
  await buildProject(folder);
  return () => rm(folder, { recursive: true, force: true });
}
