import type { Metafile } from 'esbuild';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROJECT } from '../support/project.ts';

/** What `npm run build` made: the bundles, and esbuild's account of what went into each. */
const DIST = join(PROJECT, 'dist');
const KIB = 1024;

/** Functions that issue, verify or tell; the rotation alone writes secrets. */
const READERS = [
  'token',
  'health',
  'keys',
  'callbacks',
  'authorizer',
  'metadata',
  'whip',
  'livekit',
  'nodes',
  'denials',
] as const;
const ALL = [...READERS, 'rotate'] as const;

function metafileOf(name: string): Metafile {
  return JSON.parse(readFileSync(join(DIST, `meta/${name}.json`), 'utf8')) as Metafile;
}

function inputsOf(name: string): readonly string[] {
  return Object.values(metafileOf(name).outputs).flatMap((output) => Object.keys(output.inputs));
}

function textOf(name: string): string {
  return readFileSync(join(DIST, `functions/${name}.mjs`), 'utf8');
}

describe.each(READERS)('the bundle of %s', (name) => {
  test.each(['PutSecretValue', 'UpdateSecretVersionStage', 'CreateSecret', 'DeleteSecret', 'RotateSecret'])(
    'holds no %s: it cannot change a secret whatever happens in it',
    (command) => {
      expect(textOf(name)).not.toContain(command);
      expect(inputsOf(name).filter((file) => file.includes(`${command}Command`))).toEqual([]);
    },
  );

  test('holds nothing of the rotation', () => {
    // What the configuration may say of a rotation is checked by every function.
    const options = /^lib\/rotation\/(options|window|policy|longest-token)\.ts$/;
    const inputs = inputsOf(name).filter((file) => file.startsWith('lib/rotation/'));
    expect(inputs.filter((file) => !options.test(file))).toEqual([]);
  });

  test('holds no part of the SDK that Lambda has no use for', () => {
    const unused = /nested-clients|credential-provider-(ini|sso|process|imds|web-identity|login|http)/;
    expect(inputsOf(name).filter((file) => unused.test(file))).toEqual([]);
  });
});

test('the bundle of rotate holds nothing that verifies a sign-in', () => {
  const ofIdentity = inputsOf('rotate').filter((file) => file.startsWith('lib/identity/'));
  // The configuration names issuers, so what describes one is there; what verifies a token is not.
  expect(ofIdentity.filter((file) => !/\/(presets\/\w+|issuer|groups|token-kind)\.ts$/.test(file))).toEqual(
    [],
  );
});

test.each(ALL)(
  'the bundle of %s asks Web Crypto for no verification that node:crypto can answer at once',
  (name) => {
    expect(textOf(name)).not.toMatch(/(?<!globalThis\.)\bcrypto\.subtle\.verify\b/);
  },
);

test.each(ALL)(
  'the bundle of %s holds nothing of KMS and nothing of CBOR, because the configuration asks for neither',
  (name) => {
    const unused = /client-kms|lib\/aws\/kms|cborg|lib\/cwt\/|media-servers\/(cat|moqx|moq-relay)\//;
    expect(inputsOf(name).filter((file) => unused.test(file))).toEqual([]);
  },
);

test.each(ALL)(
  'the bundle of %s holds no JWT library but jose, and nothing of the tests, the benchmarks or the local stack',
  (name) => {
    expect(
      inputsOf(name).filter((file) =>
        /node_modules\/(fast-jwt|jsonwebtoken)\/|^(test|bench|local)\//.test(file),
      ),
    ).toEqual([]);
  },
);

test.each([
  // The SDK's clients are three quarters of each of these: Secrets Manager's, and DynamoDB's (28 KiB) for the deny table.
  // 2 KiB are jose's table of encryption algorithms, which its importJWK reads too.
  ['token', 296],
  // It also asks a node which token it accepts.
  ['whip', 299],
  ['livekit', 296],
  ['denials', 258],
  ['health', 225],
  ['keys', 217],
  ['callbacks', 270],
  ['authorizer', 257],
  // No client at all: the explanations of all reasons are the most of it.
  ['metadata', 78],
  // Three clients, of which EC2's alone is a half: it runs once a minute and nobody waits for it.
  ['rotate', 1090],
] as const)('the bundle of %s is at most %i KiB', (name, limit) => {
  expect(readFileSync(join(DIST, `functions/${name}.mjs`)).length).toBeLessThanOrEqual(limit * KIB);
});

describe('a built function', () => {
  let elsewhere: string;
  beforeAll(() => {
    elsewhere = mkdtempSync(join(tmpdir(), 'streampass-bundle-'));
  });
  afterAll(() => rmSync(elsewhere, { recursive: true }));

  /** Runs a program in a fresh process, in an empty folder, with nothing in its environment. */
  function run(program: string): string {
    return execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: elsewhere,
      env: {},
      encoding: 'utf8',
    })
      .trim()
      .split('\n')
      .slice(-1)
      .join();
  }

  test.each(ALL)(
    '%s takes at most two parameters: Lambda takes a third for a callback, and refuses it',
    (name) => {
      const bundle = JSON.stringify(join(DIST, `functions/${name}.mjs`));
      expect(
        Number(
          run(`const { handler } = await import(${bundle}); console.log(handler.length); process.exit();`),
        ),
      ).toBeLessThanOrEqual(2);
    },
  );

  test('token starts without undici, web streams, WebCrypto and fs/promises, which would cost each cold start', () => {
    const bundle = JSON.stringify(join(DIST, 'functions/token.mjs'));
    const loaded = run(`
      const before = new Set(process.moduleLoadList);
      await import(${bundle});
      console.log(JSON.stringify(process.moduleLoadList.filter((entry) => !before.has(entry))));
      process.exit();
    `);
    const costly = /undici|webstreams|webcrypto|fs\/promises|zlib|readline/;
    expect((JSON.parse(loaded) as string[]).filter((entry) => costly.test(entry))).toEqual([]);
  });
});
