import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT, ROOT } from '../../support/project.ts';
import type { Template } from './template.ts';
import { readZip } from './zip.ts';

export const FUNCTIONS = [
  'authorizer',
  'callbacks',
  'health',
  'keys',
  'metadata',
  'rotate',
  'token',
  'whip',
] as const;

/** A packaged stack: the temporary folder it was made in, its template, and where each function's zip is. */
export interface PackagedStack {
  readonly folder: string;
  readonly zips: string;
  readonly template: Template;
}

/**
 * Packages the built service as `npm run package` does, with these parameters: in a copy, because osls keeps its
 * half-done work in the service's own folder and two of them would meet there.
 *
 * @throws {Error} with osls's own output where it refuses
 */
export async function packageStack(
  parameters: Readonly<Record<string, string>> = {},
): Promise<PackagedStack> {
  const folder = mkdtempSync(join(tmpdir(), 'streampass-stack-'));
  mkdirSync(join(folder, 'dist'));
  for (const part of ['serverless.yml', 'package.json', 'infra', 'dist/functions']) {
    cpSync(join(PROJECT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const bin = join(folder, 'node_modules/.bin');
  const given = Object.entries(parameters).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  const packaging = promisify(execFile)(join(bin, 'osls'), ['package', ...given], {
    cwd: folder,
    env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: folder, SLS_TELEMETRY_DISABLED: '1' },
  });
  await packaging.catch(({ stdout, stderr }: { stdout: string; stderr: string }) => {
    throw new Error(`${stdout}${stderr}`);
  });
  const zips = join(folder, '.serverless');
  const template = readFileSync(join(zips, 'cloudformation-template-update-stack.json'), 'utf8');
  return { folder, zips, template: JSON.parse(template) as Template };
}

/** What is in a function's zip, by name. */
export function filesOf(stack: PackagedStack, name: string): Map<string, Buffer> {
  return readZip(readFileSync(join(stack.zips, `${name}.zip`)));
}
