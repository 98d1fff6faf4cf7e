import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoNodeTable } from '../../lib/aws/node-table.ts';
import { signMessage, type NodeMessage } from '../../lib/fleet/node-message.ts';
import { nameOf, presentRows } from '../../lib/fleet/reported-nodes.ts';
import { receiveMessage, reportedServers, type NodeTable } from '../../lib/fleet/reported.ts';
import { fingerprintOf } from '../../lib/signing-keys/secret.ts';
import { createDynamoEndpoint, type DynamoEndpoint } from '../../local/dynamodb/endpoint.ts';

const START = 1_900_000_000;
const V1 = {
  versionId: '11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
  text: 'first-secret-first-secret-first-secret-1',
};
const V2 = {
  versionId: '22222222-bbbb-4bbb-8bbb-bbbbbbbbbbbb',
  text: 'other-secret-other-secret-other-secret-2',
};
const versions = [V1, V2];

let endpoint: DynamoEndpoint;
beforeAll(async () => {
  endpoint = await createDynamoEndpoint({ port: 0 });
});
afterAll(() => endpoint.close());

/** A table of its own: its target's name is nobody else's. */
function newTable(): { table: NodeTable; target: string } {
  const client = new DynamoDBClient({
    endpoint: endpoint.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  return { table: dynamoNodeTable('nodes', client), target: `red5-${randomUUID()}` };
}

function message(target: string, more: Partial<NodeMessage> = {}): NodeMessage {
  return {
    aud: target,
    node: 'node-1',
    instance: 'instance-one-instance-one',
    iat: START,
    jti: randomUUID(),
    report: { version: 1, fingerprint: fingerprintOf(V1.text), problems: [] },
    ...more,
  };
}

function receive({ table, target }: ReturnType<typeof newTable>, token: string, now = START) {
  return receiveMessage(token, { target, versions, table, goneAfter: 86_400, now });
}

function observe({ table, target }: ReturnType<typeof newTable>, now = START) {
  const fleet = { target, table, goneAfter: 86_400, settingsProblems: () => [], now: () => now };
  return reportedServers(fleet).observe('arn', versions);
}

describe('a report', () => {
  test('that is signed with the secret that the node holds counts', async () => {
    const here = newTable();
    expect(await receive(here, signMessage(message(here.target), V1))).toEqual({ ok: true });
    expect((await observe(here)).nodes).toEqual([
      { node: expect.stringMatching(/^node-1~[0-9a-f]{8}$/) as string, holds: [V1.versionId] },
    ]);
  });

  test.each([
    ['60 s old', START - 60, { ok: true }],
    ['61 s old', START - 61, { ok: false, reason: 'message_stale' }],
    ['60 s ahead', START + 60, { ok: true }],
    ['61 s ahead', START + 61, { ok: false, reason: 'message_stale' }],
  ])('that is %s: %#', async (_, iat, expected) => {
    const here = newTable();
    expect(await receive(here, signMessage(message(here.target, { iat }), V1))).toEqual(expected);
  });

  test('that was sent before is refused, also after a newer one', async () => {
    const here = newTable();
    const first = signMessage(message(here.target), V1);
    await receive(here, first);
    expect(await receive(here, first)).toEqual({ ok: false, reason: 'message_replayed' });
    await receive(here, signMessage(message(here.target, { iat: START + 1 }), V1));
    expect(await receive(here, first)).toEqual({ ok: false, reason: 'message_replayed' });
  });

  test('with more problems than KMS could verify is signed without the last ones', async () => {
    const here = newTable();
    const problems = Array.from({ length: 20 }, (_, index) => `${index} `.padEnd(300, 'x'));
    const report = { ...message(here.target).report, problems };
    const token = signMessage(message(here.target, { report }), V1);
    expect(token.length).toBeLessThanOrEqual(4096);
    expect(await receive(here, token)).toEqual({ ok: true });
    expect((await observe(here)).nodes[0]?.problem).toMatch(/^0 x+; 1 x/);
  });

  test('from before a goodbye does not bring the node back', async () => {
    const here = newTable();
    const first = signMessage(message(here.target), V1);
    await receive(here, signMessage(message(here.target, { iat: START + 1, goodbye: true }), V1));
    expect(await receive(here, first)).toEqual({ ok: false, reason: 'message_replayed' });
    expect((await observe(here)).problem).toMatch(/^No node has reported/);
  });

  test.each([
    ['signed with another secret', V1, { text: 'x'.repeat(43) }, 'message_unproven'],
    ['of a version that it did not sign with', V2, {}, 'message_unproven'],
  ])('%s is not proven', async (_, key, change, reason) => {
    const here = newTable();
    expect(await receive(here, signMessage(message(here.target), { ...key, ...change }))).toEqual({
      ok: false,
      reason,
    });
    expect(await here.table.list(here.target)).toEqual([]);
  });

  test.each([
    ['for another target', { aud: 'jitsi' }],
    ['without a name', { node: '' }],
    ['with a name of two lines', { node: 'a\nb' }],
    ['with a short instance', { instance: 'short' }],
    ['with a report of another version', { report: { version: 2, problems: [] } }],
    ['with problems that are not an array', { report: { version: 1, problems: 'none' } }],
  ])('%s is malformed', async (_, change) => {
    const here = newTable();
    const bad = { ...message(here.target), ...change } as NodeMessage;
    expect(await receive(here, signMessage(bad, V1))).toEqual({ ok: false, reason: 'message_malformed' });
  });

  test('with the algorithm none, or of another kind, is not proven', async () => {
    const here = newTable();
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(message(here.target))).toString('base64url')}.`;
    const hs512 = await new SignJWT({ ...message(here.target) })
      .setProtectedHeader({ alg: 'HS512' })
      .sign(new TextEncoder().encode(V1.text));
    for (const token of [none, hs512, '', 'a.b.c', 'x'.repeat(9000)])
      expect(await receive(here, token)).toMatchObject({ ok: false });
  });

  test('is anything at all: the answer is a reason, and nothing is thrown', async () => {
    const here = newTable();
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (token) => {
        expect(await receive(here, token)).toMatchObject({ ok: false });
      }),
      { numRuns: 200 },
    );
  });
});

describe('the fleet', () => {
  test('has a line for a node that fell silent, until it is gone', async () => {
    const here = newTable();
    await receive(here, signMessage(message(here.target), V1));
    expect((await observe(here, START + 180)).nodes[0]).toMatchObject({ holds: [V1.versionId] });
    expect((await observe(here, START + 600)).nodes[0]).toMatchObject({
      holds: [],
      problem: 'has not reported for 10 min: start its agent, or forget it if it is gone',
    });
    expect((await observe(here, START + 86_401)).nodes).toEqual([]);
  });

  test('is not of any size if nobody reported: a promotion waits', async () => {
    expect(await observe(newTable())).toMatchObject({
      nodes: [],
      problem: expect.stringMatching(/^No node/) as string,
    });
  });

  test('counts a row that cannot be read as a node that holds nothing, and the others as they are', async () => {
    const here = newTable();
    await receive(here, signMessage(message(here.target), V1));
    await here.table.put(here.target, { id: 'by-hand', iat: 1, report: 7 } as never, START + 1000);
    const { nodes } = await observe(here);
    expect(nodes.map(({ holds }) => holds.length).toSorted((a, b) => a - b)).toEqual([0, 1]);
  });

  test('forgets a node by its row', async () => {
    const here = newTable();
    await receive(here, signMessage(message(here.target), V1));
    for (const row of presentRows(await here.table.list(here.target), START, 86_400)) {
      expect(nameOf(row)).toMatch(/^node-1~/);
      await here.table.remove(here.target, row.id);
    }
    expect((await observe(here)).nodes).toEqual([]);
  });
});

/**
 * A node of the fleet that lies. It knows every live secret, sees every message on the wire, and sends what it likes: made-up
 * nodes, reports and goodbyes in other nodes' names, replays. The rotation does what it may: it gives up the first
 * version once every node was seen to hold the second.
 */
describe('a node that forges', () => {
  const event = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('honest' as const), node: fc.integer({ min: 0, max: 2 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('moves' as const), node: fc.integer({ min: 0, max: 2 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('forged' as const),
        node: fc.integer({ min: 0, max: 2 }),
        instance: fc.constantFrom('forged-instance-forged-1', 'forged-instance-forged-2'),
        version: fc.constantFrom(V1, V2),
        goodbye: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('replayed' as const), at: fc.nat({ max: 50 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('later' as const), seconds: fc.constantFrom(1, 30, 61, 200) }),
    },
  );

  /** Whether the first version was given up while a node that takes connections still held it. */
  async function losesAccess(
    events: readonly (typeof event extends fc.Arbitrary<infer Event> ? Event : never)[],
    tableOf: (table: NodeTable) => NodeTable = (table) => table,
  ): Promise<boolean> {
    const { table, target } = newTable();
    const here = { table: tableOf(table), target };
    const holds = [V1, V1, V1];
    const wire: string[] = [];
    let now = START;
    const say = async (text: NodeMessage, key: typeof V1) => {
      const token = signMessage(text, key);
      wire.push(token);
      await receive(here, token, now);
    };
    const honest = (node: number) =>
      say(
        message(target, {
          node: `node-${node}`,
          instance: `honest-instance-of-node-${node}`,
          iat: now,
          report: { version: 1, fingerprint: fingerprintOf(holds[node]!.text), problems: [] },
        }),
        holds[node]!,
      );
    // Each node reported before it took its first connection.
    for (const node of [0, 1, 2]) await honest(node);
    for (const one of events) {
      now += 0.01;
      if (one.kind === 'honest') await honest(one.node);
      if (one.kind === 'moves') holds[one.node] = V2;
      if (one.kind === 'later') now += one.seconds;
      if (one.kind === 'replayed') await receive(here, wire[one.at % wire.length]!, now);
      if (one.kind === 'forged') {
        const { node, instance, version, goodbye } = one;
        const report = { version: 1 as const, fingerprint: fingerprintOf(version.text), problems: [] };
        await say(
          message(target, { node: `node-${node}`, instance, iat: now, report, ...(goodbye && { goodbye }) }),
          version,
        );
      }
      const { nodes, problem } = await observe(here, now);
      const isGivenUp = problem === undefined && nodes.every((node) => node.holds.includes(V2.versionId));
      if (isGivenUp && holds.includes(V1)) return true;
    }
    return false;
  }

  test('can hold the rotation up, and never makes anybody lose access', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 25 }), async (events) => {
        expect(await losesAccess(events)).toBe(false);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test('would, if a row were named by what everybody knows: the check notices that', async () => {
    const byName = (table: NodeTable): NodeTable => ({
      ...table,
      put: (target, row, expiresAt) => table.put(target, { ...row, id: row.node }, expiresAt),
    });
    const attack = [0, 1, 2].map((node) => ({
      kind: 'forged' as const,
      node,
      instance: 'forged-instance-forged-1' as const,
      version: V2,
      goodbye: false,
    }));
    expect(await losesAccess(attack, byName)).toBe(true);
  });
});
