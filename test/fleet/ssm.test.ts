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
            .map(({ parameters }, index) => ({
              id: String(index),
              requestedAt: requestedAt[index] ?? 0,
              parameters,
            }))
            .toReversed(),
    async send(command) {
      sent.push(command);
      requestedAt.push(clock);
      return String(sent.length - 1);
    },
    invocations: async () => commands.answers,
  };
});

function servers() {
  const expected = { issuer: 'streampass', longestTokenSeconds: 3540, clockSkewSeconds: 60 };
  return instanceServers({
    kind: 'red5',
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
    ['never answers', pending('i-1'), /^did not answer: Systems Manager says InProgress$/],
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

  test('that appeared after the command was sent are listed, as not counted on', async () => {
    commands.answers = [answer('i-1', { fingerprint: fingerprintOf(v1.text) })];
    const { nodes } = await servers().observe(ARN, [v1]);
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
    expect(clock - began).toBe(30);
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
        tag,
        parameters: { Mode: ['apply'], Kind: ['red5'], SecretArn: [ARN], VersionId: [v2.versionId] },
        maxConcurrency: '10%',
        maxErrors: '0',
        deliverySeconds: 60,
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

  test('to observe is found again while it is fresh, and sent anew when an older one hangs', async () => {
    commands.ended = false;
    commands.answers = [answer('i-1', {}), answer('i-2', {})];
    await servers().observe(ARN, [v1]);
    await servers().observe(ARN, [v1]);
    expect(commands.sent).toHaveLength(1);
    clock += 31;
    await servers().observe(ARN, [v1]);
    expect(commands.sent).toHaveLength(2);
  });
});
