import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { problemsOf } from '../support/config.ts';

const root = join(import.meta.dirname, '../..');
const markdown = await readFile(join(root, 'docs/sign-in.md'), 'utf8');
const examples = [...markdown.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = '']) => code);
const lib = pathToFileURL(join(root, 'lib/config/index.ts')).href;
const names = 'auth0, cognito, defineConfig, entra, hours, minutes, oidc, okta, red5';
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

test.each(['cognito', 'auth0', 'okta', 'entra', 'oidc'])('%s has an example of its own', (preset) => {
  expect(examples.filter((code) => code.startsWith(`${preset}(`))).toHaveLength(1);
});
