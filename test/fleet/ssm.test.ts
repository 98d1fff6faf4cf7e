import { beforeEach, describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../lib/signing-keys/secret.ts';
import { nodeSettingsProblems } from '../../lib/fleet/node-settings.ts';
import type { CommandInvocation, NewCommand, RunCommand } from '../../lib/fleet/run-command.ts';
import { instanceServers } from '../../lib/fleet/ssm.ts';

const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:streampass/red5-AbCdEf';
const v1 = {
  versionId: '11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
  text: 'first-secret-first-secret-first-secret-1',
};
const v2 = {
  versionId: '22222222-bbbb-4bbb-8bbb-bbbbbbbbbbbb',
  text: 'other-secret-other-secret-other-secret-2',
};
const tag = { key: 'streampass', value: 'red5' };

/** Run Command in memory: what instances answer is set by each test. */
interface MemoryCommands extends RunCommand {
  readonly sent: NewCommand[];
  instancesNow: string[];
  answers: CommandInvocation[];
  ended: boolean;
}

let commands: MemoryCommands;
let clock: number;
beforeEach(() => {
  clock = 1_800_000_000;
  const sent: NewCommand[] = [];
  const requestedAt: number[] = [];
  commands = {
    sent,
    instancesNow: ['i-1', 'i-2'],
    answers: [],
    ended: true,
    instances: async () => commands.instancesNow,
    executing: async () =>
      commands.ended
        ? []
        : sent
            .map(({ parameters, maxErrors }, index) => ({
              id: String(index),
              maxErrors,
              requestedAt: requestedAt[index] ?? 0,
              parameters,
            }))
            .toReversed(),
    async send(command) {
      sent.push(command);
      requestedAt.push(clock);
      return String(sent.length - 1);
    },
    invocations: async () => ({ invocations: commands.answers }),
  };
});

function servers() {
  const expected = { issuer: 'streampass', longestTokenSeconds: 3540, clockSkewSeconds: 60 };
  return instanceServers({
    target: 'live',
    tag,
    document: 'streampass-node',
    commands,
    settingsProblems: (settings) => nodeSettingsProblems('red5', settings, expected),
    now: () => clock,
    pause: async (seconds) => {
      clock += seconds;
    },
  });
}

function answer(instance: string, report: object | string, status = 'Success'): CommandInvocation {
  const output =
    typeof report === 'string'
      ? report
      : `some line\n${JSON.stringify({ version: 1, problems: [], ...report })}\n`;
  return { instance, ended: true, status, output };
}

const pending = (instance: string): CommandInvocation => ({
  instance,
  ended: false,
  status: 'InProgress',
  output: '',
});

describe('instances', () => {
  test('hold the version whose fingerprint they report', async () => {
    commands.answers = [
      answer('i-1', { fingerprint: fingerprintOf(v1.text) }),
      answer('i-2', { fingerprint: fingerprintOf(v2.text) }),
    ];
    const { nodes } = await servers().observe(ARN, [v1, v2]);
    expect(nodes).toEqual([
      { node: 'i-1', holds: [v1.versionId] },
      { node: 'i-2', holds: [v2.versionId] },
    ]);
  });

  test.each([
    ['reports a problem', answer('i-1', { problems: ['a reload is due'] }, 'Failed'), /^a reload is due$/],
    [
      'holds an unknown secret',
      answer('i-1', { fingerprint: '0123456789abcdef' }),
      /none of the live versions/,
    ],
    [
      'says nothing that can be read',
      answer('i-1', 'sh: streampass-node: not found', 'Failed'),
      /^did not answer: Systems Manager says Failed$/,
    ],
    [
      'was not reached',
      { ...pending('i-1'), ended: true, status: 'DeliveryTimedOut' },
      /says DeliveryTimedOut$/,
    ],
  ])('one that %s is not counted on', async (_, invocation, problem) => {
    commands.instancesNow = ['i-1'];
    commands.answers = [invocation];
    const { nodes } = await servers().observe(ARN, [v1, v2]);
    expect(nodes[0]).toMatchObject({ node: 'i-1', holds: [] });
    expect(nodes[0]?.problem).toMatch(problem);
  });

  test('that have not answered yet are looked for by the next run, which sends no second command', async () => {
    commands.instancesNow = ['i-1'];
    commands.answers = [pending('i-1')];
    const fleet = servers();
    expect(await fleet.observe(ARN, [v1])).toMatchObject({
      complete: false,
      nodes: [{ node: 'i-1', holds: [], unanswered: true }],
    });
    clock += 30;
    commands.answers = [answer('i-1', { fingerprint: fingerprintOf(v1.text) })];
    expect(await fleet.observe(ARN, [v1])).toMatchObject({
      complete: true,
      nodes: [{ holds: [v1.versionId] }],
    });
    expect(commands.sent).toHaveLength(1);
  });

  test('that appeared after the command was sent are not counted on once their time is over', async () => {
    commands.answers = [answer('i-1', { fingerprint: fingerprintOf(v1.text) })];
    const fleet = servers();
    await fleet.observe(ARN, [v1]);
    clock += 60;
    const { nodes, complete } = await fleet.observe(ARN, [v1]);
    expect(complete).toBe(true);
    expect(nodes[1]).toEqual({
      node: 'i-2',
      holds: [],
      problem: 'did not answer: Systems Manager says nothing of it',
    });
  });

  test('are waited for no longer than one look may take', async () => {
    commands.answers = [pending('i-1'), pending('i-2')];
    const began = clock;
    await servers().observe(ARN, [v1]);
    expect(clock - began).toBeLessThanOrEqual(30);
  });

  test('whose settings would refuse our tokens say so, and hold their version all the same', async () => {
    commands.instancesNow = ['i-1'];
    commands.answers = [
      answer('i-1', {
        fingerprint: fingerprintOf(v1.text),
        settings: { active: true, protocols: {}, ttlMinutes: 30 },
      }),
    ];
    const { nodes } = await servers().observe(ARN, [v1]);
    expect(nodes[0]).toMatchObject({ holds: [v1.versionId] });
    expect(nodes[0]?.problem).toMatch(/jwt.ttl.minutes is 30/);
  });

  test('that do not exist are a problem of the fleet: a wrong tag would look the same', async () => {
    commands.instancesNow = [];
    expect(await servers().observe(ARN, [v1])).toEqual({
      nodes: [],
      problem: 'No running instance has the tag streampass=red5.',
    });
  });
});

describe('a command', () => {
  test('names the secret and the version and nothing of its value, and rolls', async () => {
    await servers().apply(ARN, [v2], ['i-1']);
    expect(commands.sent).toEqual([
      {
        document: 'streampass-node',
        to: { instances: ['i-1'] },
        parameters: { Mode: ['apply'], Target: ['live'], SecretArn: [ARN], VersionId: [v2.versionId] },
        maxConcurrency: '10%',
        maxErrors: '0',
        deliverySeconds: 30,
      },
    ]);
  });

  test('that is under way is found again and not sent twice', async () => {
    commands.ended = false;
    await servers().apply(ARN, [v2], ['i-1']);
    await servers().apply(ARN, [v2], ['i-1']);
    expect(commands.sent).toHaveLength(1);
    await servers().apply(ARN, [v1], ['i-1']);
    expect(commands.sent).toHaveLength(2);
  });

  test('goes to every instance with the tag if more are named than a command takes', async () => {
    await servers().apply(
      ARN,
      [v2],
      Array.from({ length: 51 }, (_, index) => `i-${index}`),
    );
    expect(commands.sent[0]?.to).toEqual({ tag });
  });

  test('of an emergency goes to all at once, and past one that stops at a failure', async () => {
    commands.ended = false;
    const fleet = servers();
    await fleet.apply(ARN, [v2], ['i-1'], { failuresAllowed: 1, now: clock });
    expect(commands.sent[0]?.maxErrors).toBe('1');
    for (let twice = 0; twice < 2; twice++)
      await fleet.apply(ARN, [v2], 'all', { failuresAllowed: Infinity, now: clock });
    expect(commands.sent.slice(1)).toMatchObject([
      { to: { tag }, maxConcurrency: '100%', maxErrors: '100%' },
    ]);
  });

  test('to observe is found again by another instance of the function', async () => {
    commands.ended = false;
    await servers().observe(ARN, [v1]);
    await servers().observe(ARN, [v1]);
    expect(commands.sent).toHaveLength(1);
  });

  test('to observe is sent anew if the one that is under way is older than what it has to show', async () => {
    commands.ended = false;
    commands.answers = [pending('i-1')];
    const fleet = servers();
    await fleet.observe(ARN, [v1]);
    await fleet.observe(ARN, [v1], { since: clock });
    expect(commands.sent).toHaveLength(2);
  });
});
