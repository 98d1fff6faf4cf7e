import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { problemsOf } from '../support/config.ts';

const root = join(import.meta.dirname, '../..');
const markdown = await readFile(join(root, 'docs/sign-in.md'), 'utf8');
const examples = [...markdown.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = '']) => code);
const lib = pathToFileURL(join(root, 'lib/config/index.ts')).href;
const PRESETS = [
  'apple',
  'auth0',
  'authentik',
  'b2c',
  'cognito',
  'entra',
  'gitlab',
  'google',
  'keycloak',
  'oidc',
  'okta',
  'zitadel',
];
const names = [...PRESETS, 'defineConfig', 'hours', 'minutes', 'red5'].join(', ');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sign-in-'));
});

afterAll(() => rm(folder, { recursive: true }));

test.each(examples.map((code) => [code.trim().split('\n')[0], code]))(
  'the example %s is a sound configuration',
  async (_title, code) => {
    const file = join(folder, `example-${examples.indexOf(code)}.ts`);
    await writeFile(file, `import { ${names} } from '${lib}';\nexport default ${code}`);
    const { default: made } = (await import(pathToFileURL(file).href)) as { readonly default: object };
    const whole = 'grants' in made ? made : { issuers: [made], targets: {}, grants: [] };
    expect(problemsOf(whole)).toEqual([]);
  },
);

test('every preset is described', async () => {
  const folderOfPresets = await readdir(join(root, 'lib/identity/presets'));
  const files = folderOfPresets.map((file) => file.replace('.ts', '')).filter((name) => name !== 'provider');
  expect(files.sort()).toEqual(PRESETS);
});

test.each(PRESETS)(
  '%s has a section with an example, what to click and the line for the browser',
  (preset) => {
    const sections = markdown.split(/^## /m).filter((section) => section.includes(`\`\`\`ts\n${preset}(`));
    expect(sections).toHaveLength(1);
    const [section = ''] = sections;
    if (preset !== 'oidc') expect(section).toMatch(/^At the provider: /m);
    expect(section).toMatch(/^In the browser \([^)]+\): `[^`]+`$/m);
  },
);
