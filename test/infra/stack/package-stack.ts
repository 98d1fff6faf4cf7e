import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunction } from '../../../build/bundle.ts';
import { PROJECT, ROOT, runIn } from '../../support/project.ts';
import type { Template } from '../generated/template.ts';
import { readZip } from './zip.ts';

/** A packaged stack: the temporary folder it was made in, its template, and where each function's zip is. */
export interface PackagedStack {
  readonly folder: string;
  readonly zips: string;
  readonly template: Template;
}

/** What a stack is packaged with. */
export interface Packaging {
  readonly stage?: string;
  readonly region?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Further words for osls. */
  readonly words?: readonly string[];
  /** A configuration in place of the fixture, for the stack alone. */
  readonly configFile?: string;
  /** What the build says that it was made of. */
  readonly sources?: Readonly<Record<string, string>>;
}

/** Variables with which the fixture has an issuer. */
export const ISSUER = { OIDC_ISSUER: 'https://login.example.com', OIDC_AUDIENCE: 'streams' };

/**
 * Packages the built service as `npm run package` does: in a copy, because osls keeps its half-done work in the service's own
 * folder and two of them would meet there.
 *
 * @returns what osls printed and its exit code, with the folder
 */
export async function runPackage({
  stage = 'dev',
  region = 'eu-west-1',
  env = {},
  words = [],
  configFile,
  sources = {},
}: Packaging) {
  const folder = mkdtempSync(join(tmpdir(), 'streampass-stack-'));
  mkdirSync(join(folder, 'dist/infra'), { recursive: true });
  for (const part of ['serverless.yml', 'package.json', 'infra', 'dist/functions', 'dist/LICENSES.txt']) {
    cpSync(join(PROJECT, part), join(folder, part), { recursive: true });
  }
  // The sources are not in the copy.
  writeFileSync(join(folder, 'dist/sources.json'), JSON.stringify(sources));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const stack = join(folder, 'dist/infra/stack.mjs');
  if (configFile === undefined) cpSync(join(PROJECT, 'dist/infra/stack.mjs'), stack);
  else await bundleFunction(join(ROOT, 'infra/stack/load-stack.ts'), stack, configFile);
  const ran = await runIn(folder, ['osls', 'package', '--stage', stage, '--region', region, ...words], {
    HOME: folder,
    SLS_TELEMETRY_DISABLED: '1',
    ...env,
  });
  return { folder, ...ran };
}

/** @throws {Error} with osls's own output if it refuses */
export async function packageStack(packaging: Packaging = {}): Promise<PackagedStack> {
  const { folder, code, output } = await runPackage(packaging);
  if (code !== 0) throw new Error(output);
  const zips = join(folder, '.serverless');
  const template = readFileSync(join(zips, 'cloudformation-template-update-stack.json'), 'utf8');
  return { folder, zips, template: JSON.parse(template) as Template };
}

/** What is in a function's zip, by name. */
export function filesOf(stack: PackagedStack, name: string): Map<string, Buffer> {
  return readZip(readFileSync(join(stack.zips, `${name}.zip`)));
}
