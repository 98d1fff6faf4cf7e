import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleNodeAgent } from '../../build/bundle.ts';
import { filesAsOwner } from '../../lib/fleet/file-work.ts';
import { createNode } from '../../lib/fleet/node.ts';
import { configFile, keyRingFile } from '../../lib/fleet/secret-file.ts';
import { configFileFormats, type ConfigFileKind } from '../../lib/media-servers/config-files.ts';
import { fingerprintOf, kidOf } from '../../lib/signing-keys/secret.ts';
import { AGENT, createMachine, fileOf, type Machine, type Version } from './machine.ts';

const FIRST = 'first-secret-first-secret-first-secret-1';
const OTHER = 'other-secret-other-secret-other-secret-2';
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** A server's config file of each kind, and a key ring. */
type Form = ConfigFileKind | 'ring';
const FORMS = [...(Object.keys(configFileFormats) as ConfigFileKind[]), 'ring'] as const;

/** What is killed: the agent, or a process that does what `rotate` does with `files()`. */
const WHO: Readonly<Record<string, (machine: Machine, form: Form, version: Version) => readonly string[]>> = {
  'the agent': (_, form, { versionId }) => [
    AGENT,
    'apply',
    '--target',
    form === 'ring' ? 'jitsi' : form,
    '--version-id',
    versionId,
  ],
  'files()': ({ config }, form, { versionId, text }) => [
    join(folder, 'apply-files.mjs'),
    config,
    form,
    versionId,
    text,
  ],
};

/** A machine whose server holds the first secret, and the version that it is to get. */
async function prepared(form: Form): Promise<readonly [Machine, Version, readonly [string, string]]> {
  const machine = await createMachine(form === 'ring' ? 'jitsi' : form, FIRST);
  const version = machine.put(OTHER, 'AWSCURRENT');
  if (form !== 'ring') return [machine, version, [fileOf(form, FIRST), fileOf(form, OTHER)]];
  const ring = (secrets: Readonly<Record<string, string>>) => `${JSON.stringify(secrets, null, 2)}\n`;
  writeFileSync(machine.config, ring({ '11111111': FIRST }));
  machine.settings({ keyring: 'yes', reload: '' });
  return [machine, version, [ring({ '11111111': FIRST }), ring({ [kidOf(version.versionId)]: OTHER })]];
}

/** Runs it with the preload; what it wrote to descriptor 3. The secret's server runs in this process, so not `spawnSync`. */
async function run(
  machine: Machine,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const child = spawn(process.execPath, ['--import', path('kill-preload.mjs'), ...args], {
    env: { ...machine.env, ...env },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stdio[3]?.on('data', (part: Buffer) => (said += part.toString()));
  await new Promise((resolve) => child.on('close', resolve));
  return said;
}

/** The next run. */
function nodeOf({ config }: Machine, form: Form) {
  return createNode({
    file: config,
    format: form === 'ring' ? keyRingFile : configFile(form),
    files: filesAsOwner([]),
    reload: form === 'ring' ? undefined : 'reload',
    runReload: async () => ({ ok: true }),
    now: () => Date.now() / 1000,
  });
}

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'streampass-killed-'));
  await bundleNodeAgent(path('apply-files.ts'), join(folder, 'apply-files.mjs'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(Object.keys(WHO))('%s, killed', (who) => {
  /** How many calls change something. */
  const calls = new Map<Form, number>();
  beforeAll(async () => {
    for (const form of FORMS) {
      const [machine, version] = await prepared(form);
      await using _machine = machine;
      calls.set(form, Number(await run(machine, WHO[who]!(machine, form, version), {})));
    }
  }, 30_000);

  test.each(['before', 'after'])(
    '%s any call that changes something, leaves a whole file, and the next run ends what it began',
    async (when) => {
      // All kinds of config files are written by the same calls: each call is tried with one of them.
      const most = Math.max(...calls.values());
      expect(most).toBeGreaterThan(8);
      for (let at = 1; at <= most; at++) {
        const forms =
          at <= calls.get('ring')!
            ? ([FORMS[at % (FORMS.length - 1)]!, 'ring'] as const)
            : [FORMS[at % (FORMS.length - 1)]!];
        for (const form of forms) {
          const where = `${form}, ${when} ${at}`;
          const [machine, version, whole] = await prepared(form);
          await using _machine = machine;
          const { mode } = statSync(machine.config);
          await run(machine, WHO[who]!(machine, form, version), { KILL_AT: String(at), KILL_WHEN: when });
          expect(whole, where).toContain(machine.read());
          expect(statSync(machine.config).mode).toBe(mode);
          // A file whose server was not reloaded does not count; until the note of the reload is written, nothing does.
          const node = nodeOf(machine, form);
          const held = (await node.observe()).fingerprint;
          expect([undefined, fingerprintOf(FIRST), fingerprintOf(OTHER)], where).toContain(held);
          if (held === fingerprintOf(FIRST)) expect(machine.read(), where).toBe(whole[0]);
          const beside = dirname(machine.config);
          for (const name of readdirSync(beside))
            utimesSync(join(beside, name), 1_700_000_000, 1_700_000_000);
          const report = await node.apply([version]);
          const isHeld =
            report.fingerprint === fingerprintOf(OTHER) ||
            report.ring?.[kidOf(version.versionId)] === fingerprintOf(OTHER);
          const isUnderWay = report.problems.includes('its reload is under way');
          expect(isHeld || isUnderWay, `${where}: ${JSON.stringify(report)}`).toBe(true);
          expect(machine.read(), where).toBe(whole[1]);
          expect(readdirSync(beside).filter((name) => name.includes('streampass-new'))).toEqual([]);
        }
      }
    },
    180_000,
  );
});
