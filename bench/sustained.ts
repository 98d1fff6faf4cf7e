/**
 * `npm run bench:sustained -- --minutes 10`: one process at a steady rate, most of it renewals, while the provider changes
 * its keys and the secret is rotated. Tells whether memory stays flat, what stalls the event loop, and that nobody was
 * refused. An idle process beside it shows what the machine alone does.
 */

import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Input } from '../local/secrets-manager/input.ts';
import { buildContestants, STREAMPASS } from './contestants.ts';
import { startSustained } from './measure/sustained.ts';
import type { Second } from './measure/sustained.ts';
import { median } from './measure/statistics.ts';
import { startScene } from './scene.ts';

const { values: options } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '200' } },
});
const minutes = Number(options.minutes);
const rate = Number(options.rate);

const BATCHES_PER_SECOND = 10;
/** People who hold a sign-in; each comes back with the same subject token until it is replaced. */
const PEOPLE = 3000;
/** Part of the exchanges that are someone's first with a subject token. */
const FIRST_SHARE = 0.2;
const STALL_MS = 50;
const SECRET = 'streampass/local/red5';

const scene = await startScene();
const { built, remove } = await buildContestants([STREAMPASS]);
const loaded = await startSustained(scene.env, built[0]?.file);
const idle = await startSustained(scene.env);
const pending = randomUUID();

/** What happens on the way, by the part of the time that has passed. */
const happenings = [
  { at: 0.2, what: 'the rotation announces a new secret', act: announce },
  { at: 0.4, what: 'the provider signs with new keys', act: () => scene.rotateProviderKeys() },
  { at: 0.6, what: 'the rotation promotes the new secret', act: promote },
];

try {
  const people = Array.from({ length: PEOPLE }, () => scene.newEvent('ES256'));
  const startedAt = performance.now();
  const until = startedAt + minutes * 60_000;
  const due = [...happenings];
  let replaced = 0;
  for (let tick = 0; performance.now() < until; tick++) {
    const share = (performance.now() - startedAt) / (until - startedAt);
    if (due[0] !== undefined && share >= due[0].at) {
      const { what, act } = due.shift() ?? {};
      act?.();
      console.error(`${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${what}`);
    }
    const count = rate / BATCHES_PER_SECOND;
    for (let index = 0; index < count * FIRST_SHARE; index++) {
      people[replaced++ % PEOPLE] = scene.newEvent('ES256');
    }
    const events = Array.from({ length: count }, (_, index) => people.at((replaced - 1 - index) % PEOPLE));
    loaded.send({ events });
    await sleep(Math.max(0, startedAt + ((tick + 1) * 1000) / BATCHES_PER_SECOND - performance.now()));
  }
  report(loaded.seconds, idle.seconds);
} finally {
  await Promise.all([loaded.end(), idle.end()]);
  await remove();
  await scene.close();
}

function announce(): void {
  call('PutSecretValue', {
    SecretId: SECRET,
    ClientRequestToken: pending,
    SecretString: randomBytes(32).toString('base64url'),
    VersionStages: ['AWSPENDING'],
  });
}

function promote(): void {
  const stages =
    scene.secrets.execute('DescribeSecret', { SecretId: SECRET }).output?.['VersionIdsToStages'] ?? {};
  const current = Object.entries(stages as Record<string, readonly string[]>).find(([, labels]) =>
    labels.includes('AWSCURRENT'),
  )?.[0];
  call('UpdateSecretVersionStage', {
    SecretId: SECRET,
    VersionStage: 'AWSCURRENT',
    MoveToVersionId: pending,
    RemoveFromVersionId: current ?? '',
  });
  call('UpdateSecretVersionStage', {
    SecretId: SECRET,
    VersionStage: 'AWSPENDING',
    RemoveFromVersionId: pending,
  });
}

function call(operation: string, input: Input): void {
  const { error } = scene.secrets.execute(operation, input);
  if (error) throw error;
}

function report(seconds: readonly Second[], idleSeconds: readonly Second[]): void {
  const tenth = Math.max(1, Math.floor(seconds.length / 10));
  const sum = (of: (second: Second) => number): number =>
    seconds.reduce((total, second) => total + of(second), 0);
  const memory = (part: readonly Second[], of: (second: Second) => number): string =>
    median(part.map(of)).toFixed(1);
  const stalls = (of: readonly Second[]): string =>
    `${of.filter(({ longestStallMs }) => longestStallMs > STALL_MS).length} seconds with a stall above ${STALL_MS} ms, ` +
    `longest ${Math.max(...of.map(({ longestStallMs }) => longestStallMs)).toFixed(0)} ms`;
  const refusals = seconds.flatMap((second) => second.refusals);
  const answered = sum((second) => second.answered);
  const megabytes = (of: (second: Second) => number): string =>
    `${memory(seconds.slice(tenth, 2 * tenth), of)} and ${memory(seconds.slice(-tenth), of)} MiB`;
  const rows = {
    'answered, of them refused': `${answered}, ${refusals.length} ${[...new Set(refusals)].join(' ')}`,
    "CPU per exchange, the parent's messages included": `${((sum((second) => second.cpuMs) * 1000) / answered).toFixed(0)} µs`,
    'secrets that signed, and answers with a fallback token': `${new Set(seconds.flatMap((second) => second.kids)).size}, ${sum((second) => second.fallbacks)}`,
    'resident memory, second and last tenth of the time': megabytes((second) => second.rssMiB),
    'heap, second and last tenth of the time': megabytes((second) => second.heapMiB),
    'the event loop': stalls(seconds),
    'that of an idle process beside it': stalls(idleSeconds),
  };
  console.log(`${seconds.length} s at ${rate} exchanges a second:\n\n| | |\n|---|---|`);
  for (const [what, measured] of Object.entries(rows)) console.log(`| ${what} | ${measured} |`);
}
