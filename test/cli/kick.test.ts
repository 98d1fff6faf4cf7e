import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { TokenVerifier } from 'livekit-server-sdk';
import { afterEach, describe, expect, test } from 'vitest';
import { kickAll } from '../../cli/deny/kick-all.ts';
import type { KickDeps } from '../../cli/deny/kick-all.ts';
import type { Denied } from '../../lib/admission/deny-rows.ts';
import { jitsi, livekit, mediamtx } from '../../lib/media-servers/index.ts';
import { subjectFor } from '../../lib/media-servers/subject.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { defineConfig } from '../../lib/config/config.ts';
import { resolveConfig } from '../../lib/config/resolve-config.ts';
import { oidc } from '../../lib/config/index.ts';
import { issue } from '../token-verification/scene.ts';

/**
 * Connections are ended by the real SDKs, at servers that answer as LiveKit's RoomService (Twirp) and MediaMTX's control API
 * are documented to.
 */

const ISSUER = 'https://id.example';
const KEY = { name: 'apikey-1', secret: 's'.repeat(43) };
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(answer: (request: IncomingMessage) => Promise<unknown>): Promise<string> {
  const server = createServer((request, response) => {
    void answer(request).then(
      (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error: Error) => response.writeHead(Number(error.message) || 500).end('{}'),
    );
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** LiveKit: rooms with the identities in them; refuses calls without the right of an administrator. */
async function livekitServer(rooms: Record<string, string[]>) {
  const revokedFrom: unknown[] = [];
  const url = await listen(async (request) => {
    const claims = await new TokenVerifier(KEY.name, KEY.secret)
      .verify((request.headers.authorization ?? '').replace('Bearer ', ''))
      .catch(() => {
        throw new Error('401');
      });
    const body = (await json(request)) as Record<string, string>;
    const room = body['room'] ?? '';
    if (request.url?.endsWith('/ListRooms') && claims.video?.roomList) {
      return { rooms: Object.keys(rooms).map((name) => ({ name })) };
    }
    if (claims.video?.roomAdmin !== true || claims.video.room !== room) throw new Error('403');
    if (request.url?.endsWith('/ListParticipants')) {
      return { participants: rooms[room]?.map((identity) => ({ identity })) };
    }
    if (!request.url?.endsWith('/RemoveParticipant')) throw new Error('404');
    rooms[room] = (rooms[room] ?? []).filter((identity) => identity !== body['identity']);
    revokedFrom.push(body['revokeTokenTs']);
    return {};
  });
  return { url, rooms, revokedFrom };
}

interface Session {
  readonly id: string;
  readonly user?: string;
  readonly query?: string;
}

/** MediaMTX: sessions by list, in pages. */
async function mediamtxServer(lists: Record<string, Session[]>) {
  const url = await listen(async (request) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://server');
    const [, , list = '', verb, id] = pathname.split('/');
    const items = lists[list];
    if (items === undefined) throw new Error('404');
    if (verb === 'list' && request.method === 'GET') {
      const perPage = Number(searchParams.get('itemsPerPage'));
      const page = Number(searchParams.get('page'));
      const pageCount = Math.ceil(items.length / perPage);
      return { itemCount: items.length, pageCount, items: items.slice(page * perPage, (page + 1) * perPage) };
    }
    if (verb !== 'kick' || request.method !== 'POST') throw new Error('400');
    const found = items.findIndex((item) => item.id === id);
    if (found < 0) throw new Error('404');
    items.splice(found, 1);
    return { status: 'ok' };
  });
  return { url, lists };
}

const NOW = 1_900_000_000;

interface Scene {
  /** Called as often as somebody waits, with the seconds since the denial. */
  readonly whilePausing?: (passed: number) => void;
  readonly toldOf?: KickDeps['toldOf'];
}

/** Denies at `NOW`, on a clock that moves when somebody waits. */
async function kick(targets: Record<string, Target>, denied: Denied, scene: Scene = {}) {
  const definition = defineConfig({
    issuers: [oidc({ issuer: ISSUER, audience: 'web' })],
    targets,
    grants: [],
  });
  const { config, problems } = resolveConfig(definition, { stage: 'test', env: {} });
  expect(problems).toEqual([]);
  let clock = NOW;
  const kicked = await kickAll(config, denied, NOW, {
    keyOf: async () => KEY,
    toldOf: scene.toldOf ?? (() => expect.fail('nobody is told by an agent')),
    now: () => clock,
    pause: async (seconds) => {
      clock += seconds;
      scene.whilePausing?.(clock - NOW);
    },
  });
  return { kicked, passed: clock - NOW };
}

const IDENTITY = { issuer: ISSUER, subject: 'person-1', groups: [], claims: {}, expiresAt: 2e9 };
const ANNA: Denied = { kind: 'sub', value: 'person-1', issuer: ISSUER };

describe('LiveKit', () => {
  test('removes the user from every room, revokes what they hold, and leaves everybody else', async () => {
    const server = await livekitServer({ lobby: ['person-1', 'berta'], hall: ['person-1'], empty: [] });
    const { kicked } = await kick({ live: livekit({ control: [server.url] }) }, ANNA);
    expect(kicked).toMatchObject([{ target: 'live', ended: 2, seconds: 0 }]);
    expect(server.rooms).toEqual({ lobby: ['berta'], hall: [], empty: [] });
    expect(server.revokedFrom.map(Number)).toEqual([1_900_000_000, 1_900_000_000]);
  });

  test('removes users who came back before the denial was in effect at every callback', async () => {
    const server = await livekitServer({ lobby: ['person-1'] });
    const { kicked, passed } = await kick({ live: livekit({ control: [server.url] }) }, ANNA, {
      whilePausing: () => {
        server.rooms['lobby'] = ['person-1'];
      },
    });
    expect(kicked).toMatchObject([{ ended: 2, seconds: 12 }]);
    expect(passed).toBe(12);
    expect(server.rooms['lobby']).toEqual([]);
  });

  const participantOf = (target: Target, subject = 'person-1', namedSession?: string): string => {
    const form = target.subject;
    const seen = subjectFor(form, 'live', { ...IDENTITY, subject });
    const grant = { actions: ['subscribe'], rooms: ['lobby'], transports: [], ttlSeconds: 60 };
    const session = { session: namedSession ?? 'any', ...(namedSession !== undefined && { namedSession }) };
    return String(target.claims({ grant, identity: IDENTITY, subject: seen, kid: 'k', ...session })['sub']);
  };

  test.each([
    ['public', {}],
    ['pairwise', { subject: { pairwiseSalt: 'p'.repeat(32) } }],
  ])('removes each session of a %s user, by the names that their tokens have', async (_form, options) => {
    const target = livekit(options);
    const anna = [participantOf(target), participantOf(target, 'person-1', 'phone')];
    const others = [participantOf(target, 'person-2'), participantOf(target, 'person-2', 'person-1')];
    const server = await livekitServer({ lobby: [...anna, ...others] });
    const { kicked } = await kick({ live: livekit({ ...options, control: [server.url] }) }, ANNA);
    expect(kicked).toMatchObject([{ ended: 2 }]);
    expect(server.rooms['lobby']).toEqual(others);
  });

  test('removes one session, whose name a denial gives, and no user of that name', async () => {
    const target = livekit({});
    const phone = participantOf(target, 'person-1', 'phone');
    const others = [participantOf(target), participantOf(target, 'phone')];
    const server = await livekitServer({ lobby: [phone, ...others] });
    const denied: Denied = { kind: 'session', value: 'phone' };
    await kick({ live: livekit({ control: [server.url] }) }, denied);
    expect(server.rooms['lobby']).toEqual(others);
  });

  test('ends nothing for a denial of what it does not know', async () => {
    const server = await livekitServer({ lobby: ['person-1'] });
    await kick({ live: livekit({ control: [server.url] }) }, { kind: 'token', value: 'person-1' });
    expect(server.rooms['lobby']).toEqual(['person-1']);
  });
});

describe('MediaMTX', () => {
  test('ends the connections of the user, by the token’s subject and by the token in the address', async () => {
    const token = await issue('mediamtx', {});
    const others = await issue('mediamtx', {}, { subject: 'person-2' });
    const server = await mediamtxServer({
      webrtcsessions: [
        { id: 'w1', user: 'person-1' },
        { id: 'w2', user: 'berta' },
      ],
      rtmpconns: [{ id: 'r1', query: `jwt=${token}` }, { id: 'r2', query: `jwt=${others}` }, { id: 'r3' }],
      rtspsessions: [],
    });
    const { kicked } = await kick({ mtx: mediamtx({ issuer: 'streampass', control: [server.url] }) }, ANNA);
    expect(kicked).toMatchObject([{ target: 'mtx', ended: 2 }]);
    expect(server.lists['webrtcsessions']?.map(({ id }) => id)).toEqual(['w2']);
    expect(server.lists['rtmpconns']?.map(({ id }) => id)).toEqual(['r2', 'r3']);
  });

  test('ends those of one stream key, by the token in the address', async () => {
    const [made, other] = await Promise.all(
      ['key-1', 'key-2'].map((streamKey) => issue('mediamtx', {}, { streamKey })),
    );
    const server = await mediamtxServer({
      rtmpconns: [
        { id: 'r1', query: `token=${made}` },
        { id: 'r2', query: `token=${other}` },
      ],
    });
    const targets = { mtx: mediamtx({ issuer: 'streampass', control: [server.url] }) };
    const { kicked } = await kick(targets, { kind: 'stream-key', value: 'key-1' });
    expect(kicked).toMatchObject([{ ended: 1, seconds: 0 }]);
    expect(server.lists['rtmpconns']?.map(({ id }) => id)).toEqual(['r2']);
  });

  test('ends those of one token, and reads every page', async () => {
    const token = await issue('mediamtx', {}, { jti: 'leaked' });
    const many = Array.from({ length: 2500 }, (_, index) => ({ id: `c${index}`, query: '' }));
    const server = await mediamtxServer({ rtmpconns: [...many, { id: 'x', query: `token=${token}` }] });
    const targets = { mtx: mediamtx({ issuer: 'streampass', control: [server.url] }) };
    const { kicked } = await kick(targets, { kind: 'token', value: 'leaked' });
    expect(kicked).toMatchObject([{ ended: 1 }]);
    expect(server.lists['rtmpconns']).toHaveLength(2500);
  });
});

describe('Prosody', () => {
  const targets = {
    calls: jitsi({ appId: 'streampass', domain: 'meet.example', kick: true, fleet: { by: 'reported' } }),
  };
  const node = (id: string, holds: string, ended: number) => ({
    id,
    node: id,
    holds,
    ended,
    iat: 1,
    seenAt: 1,
  });

  test('is waited for until the module of every node has followed, and says how many sessions that ended', async () => {
    let passed = 0;
    const { kicked } = await kick(targets, ANNA, {
      whilePausing: (seconds) => (passed = seconds),
      toldOf: async () => ({
        list: 'new',
        nodes: [
          passed >= 3 ? node('a', 'new', 2) : node('a', 'old', 7),
          passed >= 8 ? node('b', 'new', 1) : node('b', 'old', 0),
        ],
      }),
    });
    expect(kicked).toEqual([{ target: 'calls', server: 'its nodes', ended: 3, seconds: 8 }]);
  });

  test('ends nothing more if the same user is denied again', async () => {
    const toldOf = async () => ({ list: 'same', nodes: [node('a', 'same', 2)] });
    const { kicked } = await kick(targets, ANNA, { toldOf });
    expect(kicked).toMatchObject([{ ended: 0 }]);
  });

  test.each([
    [
      'a node has not followed',
      [node('a', 'new', 1), node('meet-2', 'old', 0)],
      'meet-2: has not followed yet',
    ],
    ['no agent asks', [], 'no agent asks who is denied (denied=)'],
  ])('is reported after 15 s if %s', async (_what, nodes, problem) => {
    const { kicked } = await kick(targets, ANNA, { toldOf: async () => ({ list: 'new', nodes }) });
    expect(kicked).toMatchObject([{ problem, seconds: 15 }]);
  });
});

test('a server that is down is reported, and stops no other', async () => {
  const server = await livekitServer({ lobby: ['person-1'] });
  const control = ['http://127.0.0.1:1', server.url];
  const { kicked } = await kick({ live: livekit({ control }) }, ANNA);
  expect(kicked).toMatchObject([{ ended: 0, problem: expect.any(String) }, { ended: 1 }]);
  expect(kicked[1]).not.toHaveProperty('problem');
});

test('nothing is waited for if no target can end connections', async () => {
  const { kicked, passed } = await kick({ mtx: mediamtx({ issuer: 'streampass' }) }, ANNA);
  expect([kicked, passed]).toEqual([[], 0]);
});
