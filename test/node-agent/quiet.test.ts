import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { KINDS, newSecret, newVersionId, Sandbox, SERVERS } from './sandbox.ts';

const PROGRAMS =
  'awk aws basename chmod chown cut date dirname flock grep head mkdir mv rm sed sh sha256sum stat sync tail timeout tr'.split(
    ' ',
  );

let sandbox: Sandbox;
afterEach(() => sandbox.remove());

/** Has each program note its arguments and its environment before it does its work. */
function recordProcesses(): void {
  for (const program of PROGRAMS) {
    const real = program === 'aws' ? `cat '${join(sandbox.dir, 'answer')}'` : `/usr/bin/${program} "$@"`;
    sandbox.executable(
      program,
      `{ echo "${program}: $*"; /usr/bin/tr '\\0' '\\n' <"/proc/$$/environ"; } >>'${join(sandbox.dir, 'processes')}'\nexec ${real}`,
    );
  }
}

test.each(KINDS)(
  'shows a %s secret to no process but by a pipe, and leaves it in no other file',
  async (kind) => {
    const held = newSecret();
    const secret = newSecret();
    const versionId = newVersionId();
    sandbox = new Sandbox(kind, held);
    sandbox.answerWith(versionId, secret);
    recordProcesses();
    // Names that the script uses itself, exported by whoever calls it.
    sandbox.env = { secret: 'x', answer: 'x', found: 'x', held: 'x', written: 'x', fetched_id: 'x' };
    const runs = [await sandbox.apply(versionId), await sandbox.observe(), await sandbox.boot()];

    expect(runs.map((run) => run.report?.problem)).toEqual([undefined, undefined, undefined]);
    const processes = sandbox.read('processes');
    expect(processes).toContain('aws: secretsmanager get-secret-value');
    expect(processes).toContain('PATH=');
    for (const text of [held, secret]) {
      expect(processes).not.toContain(text);
      expect(runs.map((run) => run.stdout + run.stderr).join('')).not.toContain(text);
    }
    expect(sandbox.filesWith(secret)).toEqual(['answer', `server/${SERVERS[kind].file}`]);
    expect(sandbox.filesWith(held)).toEqual([]);
  },
);
