import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Template } from './template.ts';

const root = join(import.meta.dirname, '../../..');
const bin = join(root, 'node_modules/.bin');

/** A packaged stack: its template, and the folder with each function's zip. */
export interface PackagedStack {
  readonly folder: string;
  readonly template: Template;
}

/**
 * Packages the service as `npm run package` does, into a new temporary folder, with these parameters.
 *
 * @throws {Error} with osls's own output where it refuses
 */
export async function packageStack(
  parameters: Readonly<Record<string, string>> = {},
): Promise<PackagedStack> {
  const folder = mkdtempSync(join(tmpdir(), 'streampass-stack-'));
  const given = Object.entries(parameters).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  const packaging = promisify(execFile)(join(bin, 'osls'), ['package', '--package', folder, ...given], {
    cwd: root,
    env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: folder, SLS_TELEMETRY_DISABLED: '1' },
  });
  await packaging.catch(({ stdout, stderr }: { stdout: string; stderr: string }) => {
    throw new Error(`${stdout}${stderr}`);
  });
  const template = readFileSync(join(folder, 'cloudformation-template-update-stack.json'), 'utf8');
  return { folder, template: JSON.parse(template) as Template };
}
