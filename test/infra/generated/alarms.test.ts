import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OUTAGE_REASONS } from '../../../infra/stack/alarms.ts';
import { FUNCTIONS } from '../../../infra/stack/functions.ts';
import { auditLines } from '../../../lib/exchange/audit.ts';
import { textOf, type Line } from '../../../lib/metrics.ts';
import { verificationLine, type VerificationFacts } from '../../../lib/token-verification/audit.ts';
import type { VerifiedToken } from '../../../lib/token-verification/verify-token.ts';
import { TARGETS } from '../../token-verification/scene.ts';
import { OAuthError } from '../../../lib/oauth/oauth-error.ts';
import { REASONS, type Reason } from '../../../lib/oauth/reasons.ts';
import { evaluate, metricsOfLines, rings, type Series } from './alarm-evaluation.ts';
import { generated } from './generated.ts';
import { contextOf, EVERY_OPTION, scenario, SCENARIO_NAMES, SCENARIOS } from './scenarios.ts';

const alarms = generated(scenario(EVERY_OPTION), 'AWS::CloudWatch::Alarm');
const nameOf = (id: string) => String(alarms[id]?.Properties?.['AlarmName']).replace('streampass-dev-', '');
const PERIODS = 24;
const DAY = 86_400;

const always = (value: number): Series => Array.from({ length: PERIODS }, () => value);
const once = (value: number, usual?: number): Series =>
  Array.from({ length: PERIODS }, (_, at) => (at === 7 ? value : usual));

/**
 * A healthy night: hardly anybody is there, one thing of each kind goes wrong once, and a rotation changes servers for a
 * quarter of an hour.
 */
const NIGHT: Readonly<Record<string, Series>> = {
  AdvanceHeartbeat: always(1),
  RotationOverdue: once(300, 0),
  RotationProblem: once(1, 0),
  NodesBehind: Array.from({ length: PERIODS }, (_, at) => (at >= 4 && at < 7 ? 3 : 0)),
  SecretAge: always(90 * DAY + 7200),
  ApproximateNumberOfMessagesVisible: always(0),
  TokensDenied: once(1),
  '5xx': once(1),
  Count: once(2, 1),
  ThrottledRequests: once(3),
  CallbacksUnavailable: once(1),
  RingProblems: once(1),
  UsersDenied: once(4),
  HoldersDenied: once(4),
  CallbacksAllowed: once(1),
  TokensIssued: once(1),
  Errors: once(1, 0),
  Throttles: once(1, 0),
  // A cold start that waits for a slow provider.
  Duration: once(3500, 40),
};

const byName = (series: Readonly<Record<string, Series>>) => (metric: string) =>
  series[metric.split(' ')[1] ?? ''] ?? [];

/** What each alarm is there for: the metrics of its cause, over those of the night. */
const CAUSES: Readonly<Record<string, Readonly<Record<string, Series>>>> = {
  'rotation-stopped': { AdvanceHeartbeat: [1, 1, 1] },
  'rotation-stuck': { RotationOverdue: always(3601) },
  'rotation-problem': { RotationProblem: always(1) },
  'node-drift': { NodesBehind: always(1) },
  'secret-old': { SecretAge: always(100 * DAY) },
  'dead-letters': { ApproximateNumberOfMessagesVisible: once(1, 0) },
  'secret-touched-undelivered': { FailedInvocations: once(1) },
  // One user an hour is enough, if nobody else is there.
  'tokens-unavailable': { TokensDenied: [1, undefined, 1, undefined, 1] },
  '5xx': { '5xx': always(3), Count: always(100) },
  'too-many-requests': { ThrottledRequests: always(500), Count: always(20_000) },
  'callbacks-unavailable': { CallbacksUnavailable: [1, undefined, 2, undefined, 1] },
  'key-ring-problem': { RingProblems: [1, undefined, 1, undefined, 1] },
  'denials-surge': { UsersDenied: always(400), TokensIssued: always(100) },
  'refusals-surge': { HoldersDenied: always(400), CallbacksAllowed: always(100) },
  errors: { Errors: [1, 0, 1, 0, 1] },
  throttles: { Throttles: [2, 0, 1] },
  slow: { Duration: always(115_000) },
};

const entryIn = (description: string) => /docs\/operate\.md, ([\w-]+)\.$/.exec(description)?.[1] ?? '';
const entryOf = (id: string) => entryIn(String(alarms[id]?.Properties?.['AlarmDescription']));

describe.each(Object.keys(alarms).map((id) => [nameOf(id), id] as const))('the alarm %s', (_name, id) => {
  const alarm = alarms[id]!;

  test('rings for its cause', () => {
    const cause = CAUSES[entryOf(id)];
    expect(cause).toBeDefined();
    expect(rings(alarm, byName({ ...NIGHT, ...cause }), PERIODS)).toBe(true);
  });

  test('is quiet in a healthy night', () => {
    expect(rings(alarm, byName(NIGHT), PERIODS)).toBe(false);
  });

  test('tells everybody who is to know, and has an entry in docs/operate.md', () => {
    const everybody = [{ Ref: 'AlarmTopic' }, 'arn:aws:sns:eu-west-1:111122223333:company-alarms'];
    expect(alarm.Properties?.['AlarmActions']).toEqual(everybody);
    const handbook = readFileSync(join(import.meta.dirname, '../../../docs/operate.md'), 'utf8');
    expect(handbook).toContain(`\n### ${entryOf(id)}\n`);
  });
});

test('no cause is without an alarm', () => {
  expect(Object.keys(CAUSES).toSorted()).toEqual([...new Set(Object.keys(alarms).map(entryOf))].toSorted());
});

test.each(SCENARIO_NAMES)('every alarm of another configuration has a cause, too: %s', (name) => {
  const others = Object.values(generated(scenario(name), 'AWS::CloudWatch::Alarm'));
  const entries = others.map(({ Properties }) => entryIn(String(Properties?.['AlarmDescription'])));
  for (const entry of entries) expect(Object.keys(CAUSES)).toContain(entry);
});

describe('a metric that a function writes', () => {
  const origin = { requestId: '1', sourceIp: '192.0.2.1', coldStart: true, latencyMs: 5, timestampMs: 0 };
  const denied = (reason: Reason, facts: { readonly subject?: string } = {}) =>
    auditLines({ issued: false, error: new OAuthError(reason), facts }, origin);

  test.each(OUTAGE_REASONS)('rings tokens-unavailable: %s', (reason) => {
    const metrics = metricsOf(denied(reason as Reason), 3);
    expect(rings(alarms['TokensUnavailable']!, metrics, PERIODS)).toBe(true);
  });

  test.each(Object.keys(REASONS).filter((reason) => !OUTAGE_REASONS.includes(reason)) as Reason[])(
    'rings nothing, however often a caller without a sign-in is refused: %s',
    (reason) => {
      const lines = Array.from({ length: 1000 }, () => denied(reason)).flat();
      const ringing = Object.keys(alarms).filter(
        (id) =>
          alarms[id]!.Properties?.['TreatMissingData'] === 'notBreaching' &&
          rings(alarms[id]!, metricsOf(lines, PERIODS), PERIODS),
      );
      expect(ringing).toEqual([]);
    },
  );

  test('rings denials-surge once most users are refused', () => {
    const lines = Array.from({ length: 100 }, () =>
      denied('room_not_allowed', { subject: 'person-1' }),
    ).flat();
    expect(rings(alarms['DenialsSurge']!, metricsOf(lines, 3), PERIODS)).toBe(true);
    expect(rings(alarms['DenialsSurge']!, metricsOf(lines.slice(1), 3), PERIODS)).toBe(false);
  });
});

const TOKEN: VerifiedToken = {
  targetName: 'red5',
  target: TARGETS.red5,
  kid: 'k1',
  claims: { jti: 'jti-1' },
  grant: { subject: 'person-1', actions: [], rooms: [], transports: [] },
  expiresAt: 60,
};

describe('a metric of servers that ask', () => {
  const origin = { requestId: '1', sourceIp: '192.0.2.1', timestampMs: 0 };
  const lines = (count: number, facts: Omit<VerificationFacts, 'callback'>) =>
    Array.from({ length: count }, () => verificationLine({ callback: 'auth', ...facts }, origin));

  test('rings refusals-surge once most holders of tokens are refused', () => {
    const refused = lines(100, { problem: 'room_not_granted', token: TOKEN });
    expect(rings(alarms['RefusalsSurge']!, metricsOf(refused, 3), PERIODS)).toBe(true);
    expect(rings(alarms['RefusalsSurge']!, metricsOf(refused.slice(1), 3), PERIODS)).toBe(false);
    const both = [...refused, ...lines(101, { token: TOKEN })];
    expect(rings(alarms['RefusalsSurge']!, metricsOf(both, 3), PERIODS)).toBe(false);
  });

  test('rings nothing, however often a token that is none of ours is refused', () => {
    const metrics = metricsOf(lines(1000, { problem: 'token_malformed' }), PERIODS);
    const ringing = Object.keys(alarms).filter(
      (id) =>
        alarms[id]!.Properties?.['TreatMissingData'] === 'notBreaching' &&
        rings(alarms[id]!, metrics, PERIODS),
    );
    expect(ringing).toEqual([]);
  });

  test('does not count the end of a stream', () => {
    expect(lines(1, { ended: {}, token: TOKEN }).map(written)[0]).not.toHaveProperty('_aws');
  });
});

test('the age of a secret is measured against the policy of its target', () => {
  const input = SCENARIOS['two targets of one kind'];
  const thresholds = (definition: unknown) =>
    Object.values(generated(contextOf(definition), 'AWS::CloudWatch::Alarm'))
      .map(({ Properties }) => Properties ?? {})
      .filter((properties) => properties['MetricName'] === 'SecretAge')
      .map((properties) => [properties['AlarmName'], Math.floor(Number(properties['Threshold']) / DAY)]);
  expect(thresholds(input)).toEqual([
    ['streampass-dev-secret-old-live', 97],
    ['streampass-dev-secret-old-vod-eu', 97],
  ]);
  expect(thresholds({ ...input, rotation: { every: 30 * DAY } })).toEqual([
    ['streampass-dev-secret-old-live', 37],
    ['streampass-dev-secret-old-vod-eu', 37],
  ]);
  expect(thresholds({ ...input, rotation: { every: 'manual' } })).toEqual([]);
});

test('every function has alarms for errors, throttles and slow runs', () => {
  for (const name of Object.keys(FUNCTIONS)) {
    const own = Object.values(alarms).filter(({ Properties }) =>
      JSON.stringify(Properties).includes(`"streampass-dev-${name}"`),
    );
    // With a concurrency of its own, rotate is throttled whenever somebody calls it during the minute's run.
    expect(own).toHaveLength(name === 'rotate' ? 2 : 3);
  }
});

test.each<[string, Readonly<Record<string, number | undefined>>, number | undefined]>([
  ['100 * FILL(a, 0) / b', { b: 4 }, 0],
  ['100 * FILL(a, 0) / b', { a: 1 }, undefined],
  ['a / b', { a: 1, b: 0 }, undefined],
  ['1 + 2 * 3 - (4 - 2)', {}, 5],
  ['IF(FILL(a, 0) >= 20, 100 * a / b, 0)', { a: 20, b: 40 }, 50],
  ['IF(FILL(a, 0) >= 20, 100 * a / b, 0)', { b: 40 }, 0],
])('%s with %j is %s', (expression, values, expected) => {
  expect(evaluate(expression, (id) => values[id])).toBe(expected);
});

/** The metrics of lines that were written in the stage dev. */
function metricsOf(lines: readonly Line[], periods: number) {
  return metricsOfLines(lines.map(written), periods);
}

/** A line as it stands in the log. */
function written(line: Line): Readonly<Record<string, unknown>> {
  return JSON.parse(textOf(line, { stage: 'dev' })) as Readonly<Record<string, unknown>>;
}
