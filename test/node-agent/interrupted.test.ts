import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fingerprintOf } from '../../lib/signing-keys/secret.ts';
import { newSecret, newVersionId, Sandbox } from './sandbox.ts';

// Every program that the script runs. Between two of them it only computes, so these are the points at which a kill matters.
const PROGRAMS =
  'awk aws basename chmod chown cut dirname flock grep head mkdir mv rm sed sha256sum stat sync tail timeout tr'.split(
    ' ',
  );

const sandboxes: Sandbox[] = [];
afterAll(() => {
  for (const sandbox of sandboxes) sandbox.remove();
});

/** Before which run of which program the script is killed, as `awk 2`. */
type KillPoint = string;

/** Has each program note its run in the file `steps`, and end the whole process group with SIGKILL at the point in `KILL`. */
function countSteps(sandbox: Sandbox): void {
  for (const program of PROGRAMS) {
    const real = program === 'aws' ? `cat '${join(sandbox.dir, 'answer')}'` : `/usr/bin/${program} "$@"`;
    sandbox.executable(
      program,
      `echo ${program} >>"$STEPS"
n=0
while read -r step; do [ "$step" != ${program} ] || n=$((n + 1)); done <"$STEPS"
[ "${program} $n" != "\${KILL-}" ] || kill -KILL "-$(/usr/bin/cut -d ' ' -f 5 "/proc/$$/stat")"
exec ${real}`,
    );
  }
  sandbox.env = { STEPS: join(sandbox.dir, 'steps') };
}

function node(held: string, versionId: string, secret: string): Sandbox {
  const sandbox = new Sandbox('red5', held);
  sandboxes.push(sandbox);
  sandbox.answerWith(versionId, secret);
  countSteps(sandbox);
  return sandbox;
}

async function killedAt(point: KillPoint): Promise<void> {
  const held = newSecret();
  const secret = newSecret();
  const versionId = newVersionId();
  const sandbox = node(held, versionId, secret);
  // The server has read its config once, so there is a record of what it holds.
  writeFileSync(join(sandbox.dir, 'state', 'red5.loaded'), `${fingerprintOf(held)}\n`);
  sandbox.env = { ...sandbox.env, KILL: point };
  const killed = await sandbox.apply(versionId);
  // `timeout` moves itself and its command to a group of their own: a kill there ends the command, as a crash of it would.
  if (!/^(aws|timeout) /.test(point)) expect(killed.signal).toBe('SIGKILL');

  // Whole, and one or the other.
  const after = sandbox.config();
  expect([sandbox.configWith(held), sandbox.configWith(secret)]).toContain(after);

  sandbox.answerWith(versionId, secret);
  sandbox.env = {};
  for (const program of PROGRAMS)
    if (program !== 'aws') sandbox.executable(program, `exec /usr/bin/${program} "$@"`);

  // A server whose file changed but was not reloaded does not count as holding the new version.
  const observed = await sandbox.observe();
  if (sandbox.reloads() === 0) expect(observed.report?.fingerprint).toBe(fingerprintOf(held));
  if (observed.report?.fingerprint === fingerprintOf(secret)) expect(sandbox.reloads()).toBe(1);
  if (after !== sandbox.configWith(held) && sandbox.reloads() === 0) {
    expect(observed.report?.problem).toContain('a reload is due');
  }

  const repeated = await sandbox.apply(versionId);
  expect(repeated.report).toMatchObject({ versionId, fingerprint: fingerprintOf(secret) });
  expect(repeated.report?.problem).toBeUndefined();
  expect(sandbox.config()).toBe(sandbox.configWith(secret));
  expect(sandbox.reloads()).toBeGreaterThanOrEqual(1);
  expect(sandbox.filesWith(secret)).toEqual(['answer', 'server/red5-web.properties']);
  expect(sandbox.filesWith(held)).toEqual([]);
}

test('leaves a whole config after a kill at any step, and the next run completes it', async () => {
  const secret = newSecret();
  const versionId = newVersionId();
  const rehearsal = node(newSecret(), versionId, secret);
  expect((await rehearsal.apply(versionId)).status).toBe(0);
  const seen = new Map<string, number>();
  const points = rehearsal
    .read('steps')
    .trimEnd()
    .split('\n')
    .map((program) => {
      seen.set(program, (seen.get(program) ?? 0) + 1);
      return `${program} ${seen.get(program)}`;
    });
  expect(points).toContain('mv 1');
  for (let at = 0; at < points.length; at += 4) await Promise.all(points.slice(at, at + 4).map(killedAt));
});
