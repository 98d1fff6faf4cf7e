import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoStreamTable } from '../../lib/aws/stream-table.ts';
import { newRandomId } from '../../lib/node/system.ts';
import { answerCallback } from '../../lib/token-verification/answer-callback.ts';
import { textOf } from '../../lib/metrics.ts';
import { verificationLine } from '../../lib/token-verification/audit.ts';
import { mediamtxAuth } from '../../lib/token-verification/callbacks/mediamtx.ts';
import { red5Invalidate, red5Validate } from '../../lib/token-verification/callbacks/red5.ts';
import { createStreams } from '../../lib/token-verification/streams.ts';
import type { StreamTable } from '../../lib/token-verification/streams.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { createDynamoEndpoint } from '../../local/dynamodb/endpoint.ts';
import type { DynamoEndpoint } from '../../local/dynamodb/endpoint.ts';
import { claimsOf, forge, issue, KEYS, liveKeys, NOW, verifierWith } from './scene.ts';

/** Caps and live streams, counted in a DynamoDB table that the real client writes to. */

let dynamo: DynamoEndpoint;
let table: StreamTable;

beforeAll(async () => {
  dynamo = await createDynamoEndpoint({ port: 0 });
  table = dynamoStreamTable(
    'streams',
    new DynamoDBClient({
      endpoint: dynamo.url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
  );
});

afterAll(async () => {
  await dynamo.close();
});

const CALLER = 'c'.repeat(43);
const DOWN: StreamTable = {
  take: () => Promise.reject(new Error('down')),
  remove: () => Promise.reject(new Error('down')),
};

/** A deployment whose clock a test sets; the token's own clock is `verifierWith`'s. */
function deployment(by: StreamTable | 'none' = table) {
  const clock = { now: NOW };
  const streams = createStreams({
    table: by === 'none' ? undefined : by,
    now: () => clock.now,
    newId: newRandomId,
    within: (work) => work,
  });
  const callerSecret = liveKeys([{ alg: 'HS256', kid: 'c1', key: hmacKey(CALLER) }]);
  const deps = { verify: verifierWith(), streams, callerSecret };
  const post = (body: object) => ({
    headers: { authorization: `Bearer ${CALLER}` },
    body: JSON.stringify(body),
  });
  return {
    clock,
    async red5(token: string, streamID = 'lobby', type = 'publisher') {
      const { response, facts } = await answerCallback(post({ type, streamID, token }), red5Validate, deps);
      return { isIn: response.body === '{"result":true}', facts };
    },
    async left(token: string, streamID = 'lobby') {
      return answerCallback(post({ streamID, token }), red5Invalidate, deps);
    },
    async mediamtx(token: string, id: string) {
      const event = post({ action: 'publish', path: 'lobby', id, token, ip: '192.0.2.7' });
      const { response, facts } = await answerCallback(event, mediamtxAuth, deps);
      return { isIn: response.statusCode === 204, facts };
    },
  };
}

/** A token of a user of their own, so that tests do not count each other's streams. */
let tokens = 0;
async function tokenWith(caps: { concurrent?: number; uses?: number }, target: 'red5' | 'mediamtx' = 'red5') {
  tokens += 1;
  return issue(target, caps, { jti: `jti-${tokens}`, subject: `person-${tokens}` });
}

describe('a cap', () => {
  test.each([
    ['concurrent: 2', { concurrent: 2 }, 2],
    ['uses: 1', { uses: 1 }, 1],
    ['uses: 3 and concurrent: 2', { uses: 3, concurrent: 2 }, 2],
    ['uses: 2 and concurrent: 5', { uses: 2, concurrent: 5 }, 2],
  ])('of %s lets exactly that many of 200 in, however many ask at once', async (_cap, caps, expected) => {
    const { red5 } = deployment();
    const token = await tokenWith(caps);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => red5(token, `lobby/cam${index}`)),
    );
    expect(answers.filter(({ isIn }) => isIn)).toHaveLength(expected);
    const reasons = new Set(answers.filter(({ isIn }) => !isIn).map(({ facts }) => facts.problem));
    expect([...reasons]).toEqual(['cap_reached']);
  });

  test('of concurrent streams counts a user over all their tokens, and nobody else', async () => {
    const { red5 } = deployment();
    const person = { subject: 'several-tokens' };
    const [first, second, third] = await Promise.all(
      ['a', 'b', 'c'].map((jti) => issue('red5', { concurrent: 2 }, { jti, ...person })),
    );
    expect((await red5(first ?? '')).isIn).toBe(true);
    expect((await red5(second ?? '')).isIn).toBe(true);
    expect((await red5(third ?? '')).isIn).toBe(false);
    expect((await red5(await tokenWith({ concurrent: 2 }))).isIn).toBe(true);
  });

  test('is free again when the server reports that the publisher has left', async () => {
    const { red5, left } = deployment();
    const token = await tokenWith({ concurrent: 1 });
    expect((await red5(token)).isIn).toBe(true);
    expect((await red5(token, 'lobby/cam2')).isIn).toBe(false);
    await left(token);
    expect((await red5(token, 'lobby/cam2')).isIn).toBe(true);
  });

  test('of uses is not free again when the publisher has left', async () => {
    const { red5, left } = deployment();
    const token = await tokenWith({ uses: 1 });
    expect((await red5(token)).isIn).toBe(true);
    await left(token);
    expect((await red5(token)).isIn).toBe(false);
  });

  test('is free again when the tokens of its streams have ended, if no end is reported', async () => {
    const { red5, clock } = deployment();
    const person = { subject: 'viewer-without-end' };
    const early = await issue('red5', { concurrent: 1, ttlSeconds: 60 }, { jti: 'early', ...person });
    const late = await issue('red5', { concurrent: 1, ttlSeconds: 600 }, { jti: 'late', ...person });
    expect((await red5(early, 'lobby', 'subscriber')).isIn).toBe(true);
    clock.now = NOW + 59;
    expect((await red5(late, 'lobby', 'subscriber')).isIn).toBe(false);
    clock.now = NOW + 60;
    expect((await red5(late, 'lobby', 'subscriber')).isIn).toBe(true);
  });

  test('that cannot be read lets nobody in', async () => {
    const { red5 } = deployment();
    const good = await tokenWith({});
    const header = { alg: 'HS256', typ: 'JWT', kid: KEYS.red5[0].kid };
    for (const caps of [null, 7, 'two', { concurrent: 0 }, { uses: 'many' }, { concurrent: 1e9 }]) {
      expect((await red5(forge({ ...claimsOf(good), caps }, header, KEYS.red5[0].key))).isIn).toBe(false);
    }
  });

  test('counts a connection once that its server asks about twice', async () => {
    const { mediamtx } = deployment();
    const token = await tokenWith({ concurrent: 1, uses: 1 }, 'mediamtx');
    expect((await mediamtx(token, 'connection-1')).isIn).toBe(true);
    expect((await mediamtx(token, 'connection-1')).isIn).toBe(true);
    expect((await mediamtx(token, 'connection-2')).isIn).toBe(false);
  });

  test('does not use up one cap where the other is reached', async () => {
    const { red5, left } = deployment();
    const person = { subject: 'both-caps' };
    const held = await issue('red5', { concurrent: 1 }, { jti: 'held', ...person });
    const once = await issue('red5', { concurrent: 1, uses: 1 }, { jti: 'once', ...person });
    expect((await red5(held)).isIn).toBe(true);
    expect((await red5(once)).isIn).toBe(false);
    await left(held);
    expect((await red5(once)).isIn).toBe(true);
  });

  test.each([
    ['there is no table', 'none'],
    ['the table is down', DOWN],
  ] as const)('lets nobody in while %s, and those without a cap as ever', async (_what, by) => {
    const { red5 } = deployment(by);
    const { isIn, facts } = await red5(await tokenWith({ uses: 1 }));
    expect(isIn).toBe(false);
    expect(facts).toMatchObject({ problem: 'cap_unavailable', unavailable: true });
    expect((await red5(await tokenWith({}))).isIn).toBe(true);
  });
});

describe('the log', () => {
  const origin = { requestId: 'r1', sourceIp: '192.0.2.1', timestampMs: NOW * 1000 };

  test('says who was let in to do what in which room and stream', async () => {
    const { red5 } = deployment();
    const { facts } = await red5(await tokenWith({}), 'lobby/cam1');
    const line = verificationLine(facts, origin);
    expect(line).toMatchObject({
      event: 'callback.allowed',
      callback: 'red5',
      target: 'red5',
      sub: expect.stringMatching(/^person-/),
      person: expect.stringMatching(/^sub#/),
      action: 'publish',
      room: 'lobby',
      stream: 'lobby/cam1',
      request_id: 'r1',
      source_ip: '192.0.2.1',
      CallbacksAllowed: 1,
    });
  });

  test('says whose stream ended and how long it lasted', async () => {
    const { red5, left, clock } = deployment();
    const token = await tokenWith({});
    await red5(token, 'lobby/cam1');
    clock.now = NOW + 4321;
    const { response, facts } = await left(token, 'lobby/cam1');
    expect(response.body).toBe('{"result":true}');
    const line = verificationLine(facts, origin);
    expect(line).toMatchObject({
      event: 'stream.ended',
      target: 'red5',
      sub: expect.stringMatching(/^person-/),
      action: 'publish',
      room: 'lobby',
      stream: 'lobby/cam1',
      seconds: 4321,
    });
    expect(line['reason']).toBeUndefined();
  });

  test('says whose stream ended after its token has ended, and without a table', async () => {
    const { left } = deployment('none');
    const token = await issue('red5', {}, { at: NOW - 7200, jti: 'old' });
    const { facts } = await left(token);
    expect(verificationLine(facts, origin)).toMatchObject({ event: 'stream.ended', sub: 'person-1' });
  });

  test('says why not, of a user whose token has ended too, and counts it', async () => {
    const { mediamtx } = deployment();
    const { facts } = await mediamtx(await issue('mediamtx', {}, { at: NOW - 600 }), 'c');
    expect(JSON.parse(textOf(verificationLine(facts, origin), { stage: 'dev' }))).toMatchObject({
      event: 'callback.denied',
      reason: 'token_expired',
      sub: 'person-1',
      client_ip: '192.0.2.7',
      CallbacksDenied: 1,
      _aws: {
        CloudWatchMetrics: [
          {
            Dimensions: [
              ['stage', 'callback', 'reason'],
              ['stage', 'reason'],
            ],
          },
          // Somebody holds this token, so the refusal is a user's.
          { Dimensions: [['stage']] },
        ],
      },
    });
  });

  test('counts what could not be told apart from denials', async () => {
    const { red5 } = deployment(DOWN);
    const { facts } = await red5(await tokenWith({ uses: 1 }));
    const line = verificationLine(facts, origin);
    expect(line).toMatchObject({ reason: 'cap_unavailable', unavailable: true, CallbacksUnavailable: 1 });
    expect(line).not.toHaveProperty('CallbacksDenied');
  });

  test('holds no token', async () => {
    const { red5 } = deployment();
    const token = await tokenWith({});
    const { facts } = await red5(token);
    expect(JSON.stringify(verificationLine(facts, origin))).not.toContain(token.split('.')[2]);
  });
});
