import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FUNCTIONS } from '../../infra/stack/functions.ts';
import { metricsOfLines, rings } from '../infra/generated/alarm-evaluation.ts';
import { generated } from '../infra/generated/generated.ts';
import { contextOf } from '../infra/generated/scenarios.ts';
import { ACCESS_TOKEN, ID_TOKEN, formOf, httpEvent, tokenOf, viewer } from './attack.ts';
import { startBuiltFunction } from './built-function.ts';
import { by, compact, type TokenIssuer } from './token-issuer.ts';
import config from './flood.config.ts';

/** No alarm can be rung by callers without a sign-in, however many they are: every request below is one of them. */

const STAGE = 'local';
const PERIODS = 12;
/** How often each request is sent in each period of an alarm. */
const TIMES = 10_000;

const env = { OIDC_ISSUER: 'http://127.0.0.1:1', OIDC_AUDIENCE: 'a' };
const definition = typeof config === 'function' ? config({ stage: STAGE, env }) : config;
const alarms = generated(contextOf(definition, STAGE), 'AWS::CloudWatch::Alarm');

/** What stands where a sign-in, a stream key or a node's message is expected: nothing that anybody signed. */
function forgedTokens(issuer: TokenIssuer): readonly string[] {
  const forged = (header: object) =>
    compact({ alg: 'RS256', ...header }, viewer(issuer), by(issuer.keys.attacker));
  return [
    '',
    'x',
    'a.b.c',
    tokenOf(issuer).slice(0, -8),
    forged({ kid: 'rsa' }),
    forged({ kid: 'unknown' }),
    forged({}),
    compact({ alg: 'none' }, viewer(issuer), () => Buffer.alloc(0)),
    'x'.repeat(70_000),
  ];
}

/** Requests without a sign-in to a route. */
function floodOf(route: string, issuer: TokenIssuer): readonly object[] {
  const [, path = ''] = route.split(' ');
  const names = { target: 'hall', room: 'public-a', stream: 'main', key: 'no-secret', file: '0.pem' };
  const rawPath = path.replace(/\{(\w+)\}/g, (_, name: keyof typeof names) => names[name]);
  const event = (method: string, body: string, headers: Record<string, string> = {}) => ({
    ...httpEvent(method, rawPath, body, headers),
    routeKey: route,
    pathParameters: names,
  });
  return [
    ...['GET', 'PUT', 'OPTIONS', 'POST'].map((method) => event(method, '')),
    ...['{', '[]', '{"action":1}', 'a=b&a=b', '\0'].map((body) =>
      event('POST', body, { 'content-type': 'application/json', authorization: 'Basic eDp5' }),
    ),
    ...forgedTokens(issuer).flatMap((token) => [
      ...[ID_TOKEN, ACCESS_TOKEN].map((subject_token_type) =>
        event('POST', formOf(issuer, { subject_token: token, subject_token_type }), {
          'content-type': 'application/x-www-form-urlencoded',
        }),
      ),
      event('POST', token, { 'content-type': 'application/jwt' }),
      ...['red5', 'hall', 'rtcstats', 'calls', 'no-target'].map((target) => ({
        ...event('POST', '{"room_name":"public-a"}', {
          'content-type': 'application/json',
          authorization: `Bearer ${token}`,
        }),
        pathParameters: { ...names, target },
      })),
      event(
        'POST',
        JSON.stringify({
          type: 'publisher',
          streamID: 'a',
          action: 'publish',
          path: 'a',
          protocol: 'webrtc',
          token,
        }),
        { 'content-type': 'application/json', 'x-api-key': token.slice(0, 100) },
      ),
      // As the authorizer is asked.
      { version: '2.0', type: 'REQUEST', routeArn: 'arn', headers: { authorization: `Bearer ${token}` } },
    ]),
  ];
}

const called = Object.entries(FUNCTIONS).filter(([name]) => name !== 'rotate');

test.each(called)(
  'a flood of requests to %s without a sign-in rings no alarm',
  async (name, { routes = {} }) => {
    const built = await startBuiltFunction({
      name,
      config: join(import.meta.dirname, 'flood.config.ts'),
      secrets: ['red5', 'hall', 'rtcstats', 'calls', 'stream-keys'],
    });
    let requests = 0;
    let failed = 0;
    try {
      const flood = [...Object.keys(routes), 'POST /'].flatMap((route) => floodOf(route, built.issuer));
      for (const event of flood) {
        requests += 1;
        const { statusCode } = await built.handler(event, {});
        if (statusCode >= 500) failed += 1;
      }
    } finally {
      await built.close();
    }
    const lines = built
      .log()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    const written = metricsOfLines(
      lines
        .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
        .filter((line) => '_aws' in line),
      PERIODS,
    );
    const others: Readonly<Record<string, number>> = {
      AdvanceHeartbeat: 1,
      Count: requests,
      '5xx': failed,
      Errors: 0,
    };
    const metrics = (metric: string) => {
      const other = others[metric.split(' ')[1] ?? ''];
      const series = other === undefined ? written(metric) : Array.from({ length: PERIODS }, () => other);
      return series.map((value) => value && value * TIMES);
    };
    expect(failed).toBe(0);
    expect(Object.keys(alarms).filter((id) => rings(alarms[id]!, metrics, PERIODS))).toEqual([]);
    // What is told by metrics at all is told: the evaluation is not of an empty log.
    if (['token', 'livekit', 'callbacks', 'authorizer'].includes(name)) {
      expect(lines.some((line) => line.includes('"_aws"'))).toBe(true);
    }
  },
);
