import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import * as reactNative from 'abort-controller';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ENTRIES } from '../build.ts';
import { packClient, type PackedClient } from './support/packed.ts';

let packed: PackedClient;
beforeAll(async () => {
  packed = await packClient(afterAll);
});

const CORE = `export { createStreamPass, StreamPassError } from 'streampass-client';`;

test('holds what a reader of the package looks for', () => {
  expect(packed.files).toEqual(
    expect.arrayContaining([
      'package.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      ...ENTRIES.flatMap((name) => [
        `dist/${name}.js`,
        `dist/${name}.js.map`,
        `dist/${name}.d.ts`,
        `dist/min/${name}.js`,
        `dist/min/${name}.js.map`,
      ]),
    ]),
  );
  expect(packed.files.filter((name) => !/^(dist\/|package\.json|[A-Z]+(\.md)?$)/.test(name))).toEqual([]);
});

test('is what package.json says, by the rules of publint', async () => {
  const { messages, pkg } = await publint({ pkgDir: packed.root, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg as never))).toEqual([]);
  const root = await readFile(join(import.meta.dirname, '../../package.json'), 'utf8');
  // Where the source is, is said in one place: whoever publishes sets it there, and here with the directory.
  expect(pkg).toMatchObject({ license: 'Apache-2.0' });
  expect('repository' in pkg).toBe('repository' in (JSON.parse(root) as object));
  expect(pkg).not.toHaveProperty('dependencies');
});

test('its licence is the repository’s', async () => {
  const [own, root] = await Promise.all(
    [join(packed.root, 'LICENSE'), join(import.meta.dirname, '../../LICENSE')].map((path) =>
      readFile(path, 'utf8'),
    ),
  );
  expect(own).toBe(root);
});

test.each(ENTRIES)(
  'the source map of %s leads to its source, and no declaration names a .ts file',
  async (name) => {
    for (const path of [`dist/${name}.js`, `dist/min/${name}.js`]) {
      const code = await readFile(join(packed.root, path), 'utf8');
      expect(code).toContain(`//# sourceMappingURL=${name}.js.map`);
      const map = JSON.parse(await readFile(join(packed.root, `${path}.map`), 'utf8')) as {
        readonly sources: readonly string[];
        readonly sourcesContent: readonly string[];
      };
      expect(map.sources.some((source) => source.endsWith(`src/${name}.ts`))).toBe(true);
      expect(map.sourcesContent).toHaveLength(map.sources.length);
    }
    expect(await readFile(join(packed.root, `dist/${name}.d.ts`), 'utf8')).not.toMatch(/\.ts'/);
  },
);

test.each(ENTRIES)('the size of %s is what the README says', async (name) => {
  const readme = await readFile(join(packed.root, 'README.md'), 'utf8');
  const path = name === 'index' ? 'streampass-client' : `streampass-client/${name}`;
  const stated = new RegExp(`^\\| \`${path}\` .*\\| (\\d\\.\\d) kB +\\|$`, 'm').exec(readme)?.[1];
  const shipped =
    name === 'index'
      ? await packed.bundle(CORE)
      : await readFile(join(packed.root, `dist/min/${name}.js`), 'utf8');
  const bytes = gzipSync(shipped.replace(/\/\/# sourceMappingURL.*/, ''), { level: 9 }).length;
  expect(Number(stated)).toBe(Math.ceil(bytes / 100) / 10);
});

test('the core imports nothing', async () => {
  for (const path of ['dist/index.js', 'dist/min/index.js']) {
    expect(await readFile(join(packed.root, path), 'utf8')).not.toMatch(/\bimport\b|\brequire\b/);
  }
  const [readable, minified] = await Promise.all(
    ['dist/index.js', 'dist/min/index.js'].map((path) => stat(join(packed.root, path))),
  );
  expect(readable?.size).toBeGreaterThan((minified?.size ?? 0) * 1.5);
});

test.each([
  ['jitsiOptions', 'streampass-client', /fetch|addEventListener|grant-type|connect/],
  ['mediamtxUrl', 'streampass-client/encoder', /fetch|username|whip/],
  ['bearer', 'streampass-client/whep', /fetch|RTCPeerConnection|grant-type/],
])('%s alone brings none of the rest along', async (name, path, rest) => {
  const code = await packed.bundle(`import { ${name} } from '${path}'; globalThis.made = ${name}('t');`);
  expect(code).not.toMatch(rest);
});

test('an entry shares the core, and its errors, with the app', async () => {
  const code = await packed.bundle(
    `import { watch, keepOpen } from 'streampass-client/whep';
     import { createStreamPass } from 'streampass-client';
     globalThis.made = [watch, keepOpen, createStreamPass];`,
  );
  expect(code.match(/name:"StreamPassError"/g)).toHaveLength(1);
});

/** What an engine has of its own, and nothing of a page. */
const ENGINE = { setTimeout, clearTimeout, performance };

const GET_TOKEN = `
  import { connect } from 'streampass-client/connect';
  import { createStreamPass } from 'streampass-client';
  const pass = createStreamPass({ endpoint: 'https://api.example/token', audience: 'red5', subjectToken: () => 'id' });
  globalThis.outcome = pass.token().then(async (token) => [
    token,
    await connect(pass, () => Promise.reject(Object.assign(new Error('no'), { status: 403 }))).catch((error) => error.kind),
    await aborted(pass),
  ]).finally(() => pass.close());
  function aborted(pass) {
    const stop = new AbortController();
    const attempt = connect(pass, () => new Promise(() => stop.abort()), { signal: stop.signal });
    return attempt.catch((error) => error.name);
  }
`;

async function run(world: Record<string, unknown>): Promise<unknown> {
  const context = { ...ENGINE, ...world };
  runInNewContext(await packed.bundle(GET_TOKEN, 'iife'), context);
  return await (context as { readonly outcome?: Promise<unknown> }).outcome;
}

const answer = { access_token: 'a.b.c', expires_in: 60 };
const EXPECTED = ['a.b.c', 'refused', 'AbortError'];

test('works where there is no window, no document and no event target', async () => {
  const fetch = (): Promise<Response> => Promise.resolve(Response.json(answer));
  expect(await run({ AbortController, URLSearchParams, fetch })).toEqual(EXPECTED);
});

test('works in React Native 0.76, whose AbortController has no reason and whose URLSearchParams has little', async () => {
  // React Native's own AbortController is this package. Its URLSearchParams throws for what it does not have.
  class Parameters {
    readonly #pairs: [string, string][] = [];
    append(name: string, value: string): void {
      this.#pairs.push([name, value]);
    }
    set(): never {
      throw new Error('URLSearchParams.set is not implemented');
    }
    toString(): string {
      return this.#pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
    }
  }
  const sent: string[] = [];
  const fetch = (_: string, init: { body?: Parameters }): Promise<unknown> => {
    sent.push(String(init.body));
    return Promise.resolve({
      status: 200,
      headers: { get: () => null },
      json: () => Promise.resolve(answer),
    });
  };
  const { AbortController } = reactNative;
  expect('throwIfAborted' in new AbortController().signal).toBe(false);
  expect(await run({ AbortController, URLSearchParams: Parameters, fetch })).toEqual(EXPECTED);
  expect(sent[0]).toContain('audience=red5');
});
