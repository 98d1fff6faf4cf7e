import { spawn } from 'node:child_process';
import { readdirSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../lib/signing-keys/secret.ts';
import { AGENT, createMachine, fileOf, type Machine } from './machine.ts';

const FIRST = 'first-secret-first-secret-first-secret-1';
const OTHER = 'other-secret-other-secret-other-secret-2';
const preload = fileURLToPath(new URL('kill-preload.mjs', import.meta.url));

/** Runs the agent with the preload; what it wrote to descriptor 3. The secret's server runs in this process, so not `spawnSync`. */
async function run(
  machine: Machine,
  versionId: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const args = ['--import', preload, AGENT, 'apply', '--target', 'red5', '--version-id', versionId];
  const child = spawn(process.execPath, args, {
    env: { ...machine.env, ...env },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stdio[3]?.on('data', (part: Buffer) => (said += part.toString()));
  await new Promise((resolve) => child.on('close', resolve));
  return said;
}

describe('a run that is killed', () => {
  test.each(['before', 'after'])(
    '%s any call that changes something leaves a whole file, and the next run ends what it began',
    async (when) => {
      await using counting = await createMachine('red5', FIRST);
      const calls = Number(await run(counting, counting.put(OTHER, 'AWSCURRENT').versionId, {}));
      expect(calls).toBeGreaterThan(8);
      for (let at = 1; at <= calls; at++) {
        await using machine = await createMachine('red5', FIRST);
        const { versionId } = machine.put(OTHER, 'AWSCURRENT');
        await run(machine, versionId, { KILL_AT: String(at), KILL_WHEN: when });
        const whole = [fileOf('red5', FIRST), fileOf('red5', OTHER)];
        expect(whole, `killed ${when} call ${at}`).toContain(machine.read());
        expect(statSync(machine.config).mode & 0o777).toBe(0o640);
        // A file whose server was not reloaded does not count; until the note of the reload is written, nothing does.
        const seen = await machine.run('observe', '--target', 'red5');
        const holds = seen.report?.fingerprint;
        expect([undefined, fingerprintOf(FIRST), fingerprintOf(OTHER)]).toContain(holds);
        if (holds === fingerprintOf(FIRST)) expect(machine.read()).toBe(whole[0]);
        const folder = dirname(machine.config);
        for (const name of readdirSync(folder)) utimesSync(join(folder, name), 1_700_000_000, 1_700_000_000);
        const { report } = await machine.run('apply', '--target', 'red5', '--version-id', versionId);
        const isUnderWay = report?.problems.includes('its reload is under way') ?? false;
        expect(
          report?.fingerprint === fingerprintOf(OTHER) || isUnderWay,
          `${when} ${at}: ${JSON.stringify(report)}`,
        ).toBe(true);
        expect(machine.read()).toBe(whole[1]);
        expect(readdirSync(folder).filter((name) => name.includes('streampass-new'))).toEqual([]);
      }
    },
    180_000,
  );
});
