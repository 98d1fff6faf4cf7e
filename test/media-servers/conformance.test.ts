import { KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { IssuedToken } from '../../lib/exchange/issue-token.ts';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { decodeCompactJws, type JsonObject } from '../../lib/jws/compact.ts';
import { signCompact, type SigningKey } from '../../lib/jws/sign.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import type { Grant } from '../../lib/policy/grant.ts';
import { TRANSPORTS } from '../../lib/policy/grant.ts';
import { signStreamKey, type StreamKey } from '../../lib/stream-keys/stream-key.ts';
import { newPrivateKey, sharedKey } from '../support/signing-keys.ts';
import { claimMutants, type ClaimMutant } from './conformance/claim-mutants.ts';
import { conformingServers } from './conformance/index.ts';
import type { Attempt, ConformingServer, ServerKey } from './conformance/server.ts';

/**
 * What every kind of media server has to show: a token allows exactly what was granted, by the server's own rules; it is read
 * back as it was written; and a claim that were forgotten, empty, wider or of another type would be noticed.
 */

const NOW = 1_900_000_000;
const TTL = 600;
const SUBJECT = '5e884898-da28-4047-8152-0d56f8dc6292';

const identity: Identity = {
  issuer: 'https://id.example',
  subject: SUBJECT,
  groups: [],
  claims: {},
  expiresAt: NOW + 60,
};

// A verifier that goes by the machine's clock sets it.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterAll(() => {
  vi.useRealTimers();
});

interface KeyPair {
  readonly signs: SigningKey;
  readonly held: ServerKey;
}

async function newKey({ signing: alg }: Target, kid: string): Promise<KeyPair> {
  if (alg === 'HS256') {
    const secret = `secret-of-43-characters-for-the-key-${kid}`.slice(0, 43);
    const signs = sharedKey(kid, secret);
    return { signs, held: { kid, alg, secret, key: signs.key } };
  }
  const signs = await newPrivateKey(alg, kid);
  return { signs, held: { kid, alg, secret: '', key: KeyObject.from(signs.publicKey) } };
}

async function issue(
  target: Target,
  grant: Omit<Grant, 'ttlSeconds'>,
  ring: readonly KeyPair[],
): Promise<IssuedToken> {
  const [current, fallback] = ring.map(({ signs }) => signs);
  if (current === undefined) throw new Error('a ring has a key');
  return issueToken(
    target,
    'target',
    { ...grant, ttlSeconds: TTL },
    identity,
    { current, ...(fallback && { fallback }), readAt: NOW },
    {
      now: NOW,
      jti: '0b8c5a7e-6d3f-4c21-9a54-1f2e3d4c5b6a',
      session: 'session-1',
      sessionNamed: true,
      transportsNamed: true,
    },
  );
}

/** What stream keys are signed with. */
const STREAM_KEYS_KEY = sharedKey('key-ring', 'k'.repeat(43));

const ROOMS = ['room-1', 'Room-1', 'room-2', 'room-12', 'room-'];

/** All that somebody could try, on a server of this kind. */
function attemptsOf({ target, powers = [], comesWith = {} }: ConformingServer): readonly Attempt[] {
  const ways = target.transports.length > 0 ? TRANSPORTS : [undefined];
  return [...target.actions, ...Object.keys(comesWith), ...powers].flatMap((action) =>
    ROOMS.flatMap((room) =>
      ways.map((transport) => ({ action, room, ...(transport !== undefined && { transport }) })),
    ),
  );
}

/** What a server says to each attempt. A token is refused as well if the server's own verifier throws for it. */
async function decide(
  server: ConformingServer,
  token: string,
  keys: readonly ServerKey[],
  now = NOW,
): Promise<(attempt: Attempt) => Promise<boolean>> {
  try {
    const verdict = await server.decide(token, keys, now);
    return async (attempt) => {
      try {
        return await verdict(attempt);
      } catch {
        return false;
      }
    };
  } catch {
    return () => Promise.resolve(false);
  }
}

/** Grants of every form that a token of this target can have. */
function grantsOf(target: Target): readonly Grant[] {
  const { actions, needs = {}, roomsPerToken, transports } = target;
  const sets = [...actions.map((action) => [action]), allActions(target)].filter((set) =>
    set.every((action) => needs[action] === undefined || set.includes(needs[action])),
  );
  const places = [
    ['room-1'],
    ...(roomsPerToken > 1 ? [['room-1', 'Room-1', 'room-2']] : [['room-2']]),
    ...(target.namesRooms ? [] : ['*' as const]),
  ];
  const ways = transports.length > 0 ? [transports, transports.slice(0, 1)] : [[]];
  return sets.flatMap((set) =>
    places.flatMap((rooms) => ways.map((way) => ({ actions: set, rooms, transports: way, ttlSeconds: TTL }))),
  );
}

function isGranted(server: ConformingServer, grant: Grant, { action, room, transport }: Attempt): boolean {
  const { target } = server;
  const name = target.foldsRoomCase ? room.toLowerCase() : room;
  return (
    grant.actions.includes(server.comesWith?.[action] ?? action) &&
    (server.ignoresRooms === true || grant.rooms === '*' || grant.rooms.includes(name)) &&
    (transport === undefined || target.ignoresTransports === true || grant.transports.includes(transport))
  );
}

/** As many of a target's actions as one token holds. */
function allActions({ actions, oneAction }: Target): readonly string[] {
  return oneAction ? actions.slice(0, 1) : actions;
}

const oneRoom = (target: Target): Grant => ({
  actions: allActions(target),
  rooms: ['room-1'],
  transports: target.transports,
  ttlSeconds: TTL,
});

/** The claims of a token of ours, by which the server decides about it. */
function claimsOf(target: Target, grant: Grant, kid: string): JsonObject {
  const input = { grant, identity, subject: SUBJECT, session: 'session-1', namedSession: 'session-1', kid };
  return { ...target.claims(input), ...(target.notBefore && { nbf: NOW }), exp: NOW + TTL };
}

/** A token of these claims; `undefined` if its form has no place for one of them, so that none can be issued. */
async function written({ form }: Target, claims: JsonObject, key: SigningKey): Promise<string | undefined> {
  return form === undefined ? signCompact(claims, key) : form.write(claims, key).catch(() => undefined);
}

/** What a server's rules, and our own reading, make of claims: two claims sets that differ in nothing here are the same. */
async function meaningOf(server: ConformingServer, claims: JsonObject, pair: KeyPair): Promise<string> {
  const token = await written(server.target, claims, pair.signs);
  if (token === undefined) return 'refused';
  const verdicts: boolean[] = [];
  for (const now of [NOW, NOW + TTL - 1, NOW + TTL + 3600]) {
    const accepts = await decide(server, token, [pair.held], now);
    for (const attempt of attemptsOf(server)) verdicts.push(await accepts(attempt));
  }
  const allows = verdicts.map(Number).join('');
  return allows.includes('1') ? `${allows} ${JSON.stringify(server.target.readClaims(claims))}` : 'refused';
}

const rows = Object.entries(conformingServers).map(([name, server]) => ({ name, server }));

describe.each(rows)('$name', async ({ server }) => {
  const { target } = server;
  const pair = await newKey(target, '11111111');
  const other = await newKey(target, '22222222');
  const attempt: Attempt = attemptsOf(server)[0] ?? { action: '', room: '' };

  test('accepts exactly what was granted', async () => {
    for (const grant of grantsOf(target)) {
      const { token } = await issue(target, grant, [pair]);
      const accepts = await decide(server, token, [pair.held]);
      for (const tried of attemptsOf(server)) {
        const expected = isGranted(server, grant, tried);
        expect({ grant, tried, accepted: await accepts(tried) }).toEqual({
          grant,
          tried,
          accepted: expected,
        });
      }
    }
  });

  test('accepts a token until it ends', async () => {
    const { token } = await issue(target, oneRoom(target), [pair]);
    const isIn = async (now: number): Promise<boolean> =>
      (await decide(server, token, [pair.held], now))(attempt);
    expect(await isIn(NOW + TTL - 1)).toBe(true);
    expect(await isIn(NOW + TTL + 61)).toBe(false);
  });

  test('has its claims read back as they were granted', () => {
    for (const grant of grantsOf(target)) {
      const { actions, rooms } = grant;
      const transports = target.ignoresTransports ? target.transports : grant.transports;
      expect(target.readClaims(claimsOf(target, grant, '11111111'))).toMatchObject({
        subject: target.namesNobody ? '' : SUBJECT,
        actions,
        rooms,
        transports,
        ...(target.takesSession && { session: 'session-1' }),
      });
    }
  });

  test('notices each claim that is dropped, emptied, widened or of another type', async () => {
    const claims = claimsOf(target, oneRoom(target), '11111111');
    const wider = grantsOf(target).map((grant) => claimsOf(target, grant, '11111111'));
    const meaning = await meaningOf(server, claims, pair);
    const mutants = claimMutants(claims, wider);
    const isSame = ({ path, name }: ClaimMutant): boolean =>
      server.sameIfAbsent?.includes(path) === true && / (dropped|emptied)$/.test(name);
    const survivors: ClaimMutant[] = [];
    for (const mutant of mutants) {
      if ((await meaningOf(server, mutant.claims, pair)) === meaning) survivors.push(mutant);
    }
    expect(survivors.filter((mutant) => !isSame(mutant)).map(({ name }) => name)).toEqual([]);
    // What is said to be the same is the same, so that this list hides nothing.
    expect(new Set(survivors.map(({ path }) => path))).toEqual(new Set(server.sameIfAbsent));
    expect(mutants.length).toBeGreaterThan(20);
  }, 60_000);

  test('refuses each of these if somebody without the key makes it', async () => {
    const { token } = await issue(target, oneRoom(target), [pair]);
    const claims = (target.form?.read(token) ?? decodeCompactJws(token))?.claims ?? {};
    const [header = '', , signature = ''] = token.split('.');
    for (const mutant of claimMutants(claims, [])) {
      const payload = Buffer.from(JSON.stringify(mutant.claims)).toString('base64url');
      const forged =
        target.form === undefined
          ? `${header}.${payload}.${signature}`
          : await written(target, mutant.claims, { ...other.signs, kid: pair.signs.kid });
      if (forged === undefined) continue;
      const accepts = await decide(server, forged, [pair.held]);
      const accepted: Attempt[] = [];
      for (const tried of attemptsOf(server)) if (await accepts(tried)) accepted.push(tried);
      expect([mutant.name, accepted]).toEqual([mutant.name, []]);
    }
  });

  test('lets nobody in with a stream key', async () => {
    const key: StreamKey = {
      id: 'key-1',
      owner: identity,
      target: 'target',
      room: 'room-1',
      stream: 'main',
      actions: allActions(target),
      transports: target.transports,
      issuedAt: NOW,
      expiresAt: NOW + 3600,
    };
    for (const signs of [STREAM_KEYS_KEY, { ...STREAM_KEYS_KEY, kid: pair.signs.kid }]) {
      const accepts = await decide(server, await signStreamKey(key, signs), [pair.held]);
      const accepted: Attempt[] = [];
      for (const tried of attemptsOf(server)) if (await accepts(tried)) accepted.push(tried);
      expect(accepted).toEqual([]);
    }
  });

  test(`has its keys rotated as ${target.keys}`, async () => {
    const { token, fallback } = await issue(target, oneRoom(target), [pair, other]);
    const takes = async (text: string | undefined, ...keys: readonly KeyPair[]): Promise<boolean> =>
      text !== undefined &&
      (
        await decide(
          server,
          text,
          keys.map(({ held }) => held),
        )
      )(attempt);
    expect(await takes(token, pair)).toBe(true);
    expect(await takes(token, other)).toBe(false);
    if (target.keys === 'single') {
      expect([await takes(fallback, pair), await takes(fallback, other)]).toEqual([false, true]);
    } else {
      expect(fallback).toBeUndefined();
      expect(await takes(token, other, pair)).toBe(true);
    }
  });

  test(`has tokens of at most ${server.longest} characters for one room`, async () => {
    const grant = { ...oneRoom(target), rooms: ['a-room-of-sixteen'.slice(0, 16)] };
    expect((await issue(target, grant, [pair])).token.length).toBeLessThanOrEqual(server.longest);
  });
});
