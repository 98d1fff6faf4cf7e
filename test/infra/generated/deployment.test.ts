import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

/** What osls hands to a plugin, as far as this one looks at it. */
interface Osls {
  readonly serviceDir: string;
  readonly service: {
    readonly provider: { readonly region: string; readonly compiledCloudFormationTemplate: object };
    readonly custom: { readonly refusals: readonly string[]; readonly terminationProtection: boolean };
  };
  readonly getProvider: () => unknown;
}
type Hooks = Readonly<Record<string, () => Promise<void>>>;
const Deployment = createRequire(import.meta.url)('../../../infra/deployment.cjs') as new (osls: Osls) => {
  readonly hooks: Hooks;
};

const COMPILED = { region: 'eu-west-1', compiledCloudFormationTemplate: { Resources: {} } };

let folder: string;
const calls: unknown[][] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'streampass-deployment-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function hooksOf({
  refusals = [],
  terminationProtection = false,
}: Partial<Osls['service']['custom']> = {}): Hooks {
  const provider = {
    naming: { getStackName: () => 'streampass-prod' },
    request: async (...call: unknown[]) => void calls.push(call),
  };
  const custom = { refusals, terminationProtection };
  return new Deployment({
    serviceDir: folder,
    service: { custom, provider: COMPILED },
    getProvider: () => provider,
  }).hooks;
}

/** The lines that a hook prints before it ends the process; `undefined` if it does not end it. */
async function refusedBy(hook: (() => Promise<void>) | undefined): Promise<unknown[] | undefined> {
  const print = vi.spyOn(console, 'error').mockImplementation(() => {});
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  await hook?.();
  const lines = print.mock.calls.flat();
  const ended = exit.mock.calls.length > 0;
  vi.restoreAllMocks();
  return ended ? lines : undefined;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

const built = (text: string) =>
  write('dist/sources.json', JSON.stringify({ 'a.ts': createHash('sha256').update(text).digest('hex') }));

test('a template that AWS would not take is refused before it is written', async () => {
  const hook = hooksOf()['before:aws:package:finalize:saveServiceState'];
  write('dist/infra/stack.mjs', 'export const limitProblems = (...all) => [JSON.stringify(all)];');
  expect(await refusedBy(hook)).toEqual(['[{"Resources":{}},"eu-west-1"]']);
});

describe.each(['before:package:cleanup', 'before:deploy:deploy', 'before:deploy:function:initialize'])(
  '%s',
  (name) => {
    test('refuses what must not be deployed, one line each', async () => {
      write('a.ts', 'x');
      built('x');
      expect(await refusedBy(hooksOf({ refusals: ['no', 'issuer'] })[name])).toEqual(['no', 'issuer']);
      expect(await refusedBy(hooksOf()[name])).toBeUndefined();
    });

    test.each([
      ['was never built', () => {}, 'dist/sources.json is missing: run npm run build first'],
      [
        'was changed since',
        () => [write('a.ts', 'y'), built('x')],
        'a.ts was changed after the build: run npm run build first',
      ],
      [
        'is not there any more',
        () => built('x'),
        'a.ts was changed after the build: run npm run build first',
      ],
    ])('says what to do about a source that %s', async (_title, prepare, line) => {
      prepare();
      expect(await refusedBy(hooksOf()[name])).toEqual([line]);
    });
  },
);

test.each([true, false])(
  'termination protection is set after each deployment: %s',
  async (terminationProtection) => {
    calls.length = 0;
    await hooksOf({ terminationProtection })['after:deploy:deploy']?.();
    const parameters = { StackName: 'streampass-prod', EnableTerminationProtection: terminationProtection };
    expect(calls).toEqual([['CloudFormation', 'updateTerminationProtection', parameters]]);
  },
);
