import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { serverRules } from '../../local/media-servers/rules/index.ts';
import type { Decision } from '../../local/media-servers/rules/server-rules.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import type { Grant, Transport } from '../../lib/policy/grant.ts';
import { TRANSPORTS } from '../../lib/policy/grant.ts';
import { fixtureConfig } from '../support/config.ts';

const config = fixtureConfig();

/**
 * Each server's own documented rules decide about what is issued, which know nothing of how a token is made: allowed is
 * exactly what was granted.
 */

const NOW = 1_900_000_000;
const SECRET = 'a-secret-of-43-characters-aaaaaaaaaaaaaaaaa';
const RING = { current: { alg: 'HS256' as const, kid: '11111111', key: hmacKey(SECRET) }, readAt: NOW };

const person: Identity = {
  issuer: 'https://one.example',
  subject: 'person-1',
  groups: [],
  claims: { name: 'A Name', email: 'a@example.com', picture: 'https://example.com/a.png' },
  expiresAt: NOW + 60,
};

const SETTINGS = {
  red5: readSettings(
    'red5',
    'auth.active=true\nauth.rtmp=true\nauth.rtsp=true\nauth.rtc=true\nauth.srt=true\nauth.mpegts=true\njwt.secret=' +
      SECRET +
      '\njwt.ttl.minutes=60\njwt.issuer=streampass\n',
  ),
  jitsi: readSettings(
    'jitsi',
    `VirtualHost "meet.example.com"\n  authentication = "token"\n  app_id = "streampass"\n  app_secret = "${SECRET}"\n  asap_accepted_audiences = { "jitsi" }\n  enable_domain_verification = true\nComponent "conference.meet.example.com" "muc"\n  modules_enabled = { "token_verification"; "token_affiliation" }\n`,
  ),
  rtcstats: readSettings('rtcstats', `authorization:\n  jwtSecret: "${SECRET}"\n`),
};

function readSettings(kind: 'red5' | 'jitsi' | 'rtcstats', text: string): unknown {
  const read = serverRules[kind].readConfig(text);
  if (!read.ok) throw new Error(read.problem);
  return read.settings;
}

async function issue(target: Target, name: string, grant: Grant, now = NOW): Promise<string> {
  return (
    await issueToken(target, name, grant, person, RING, {
      now,
      jti: 'jti',
      session: 'session-1',
      transportsNamed: false,
    })
  ).token;
}

function decide(
  kind: 'red5' | 'jitsi' | 'rtcstats',
  token: string,
  attempt: { action: string; room?: string; transport?: string },
  now = NOW,
): Decision {
  const rules = serverRules[kind] as unknown as {
    decide: (token: string, settings: unknown, attempt: object, now: number) => Decision;
  };
  return rules.decide(token, SETTINGS[kind], attempt, now);
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}

const red5 = config.targets['red5'] as Target;
const jitsi = config.targets['jitsi'] as Target;
const rtcstats = config.targets['rtcstats'] as Target;

describe('Red5 Pro', () => {
  test('accepts exactly the granted actions, rooms and transports', async () => {
    const rooms = ['a', 'A', 'b', 'a.b', 'a~b'];
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(['publish', 'subscribe'], { minLength: 1 }),
        fc.oneof(fc.constant('*' as const), fc.subarray(rooms, { minLength: 1 })),
        fc.subarray([...TRANSPORTS], { minLength: 1 }),
        async (actions, granted, transports: Transport[]) => {
          const token = await issue(red5, 'red5', { actions, rooms: granted, transports, ttlSeconds: 3540 });
          for (const action of ['publish', 'subscribe']) {
            for (const room of rooms) {
              for (const transport of TRANSPORTS) {
                const allowed =
                  actions.includes(action) &&
                  (granted === '*' || granted.includes(room)) &&
                  transports.includes(transport);
                expect(decide('red5', token, { action, room, transport }).accepted).toBe(allowed);
              }
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('accepts the longest token from an issuer whose clock is ahead by the skew', async () => {
    const grant: Grant = {
      actions: ['publish'],
      rooms: '*',
      transports: ['WHIP'],
      ttlSeconds: red5.longestToken,
    };
    const token = await issue(red5, 'red5', grant, NOW + config.timing.clockSkew);
    expect(decide('red5', token, { action: 'publish', transport: 'WHIP' }).accepted).toBe(true);
  });

  test('is told no transport-less, role-less or nameful claims', async () => {
    const grant: Grant = { actions: ['subscribe'], rooms: ['a'], transports: ['WHEP'], ttlSeconds: 60 };
    expect(claimsOf(await issue(red5, 'red5', grant))).toEqual({
      iss: 'streampass',
      sub: 'person-1',
      roles: 'red5-subscriber',
      'red5-transport': 'WHEP',
      'red5-room': 'a',
      iat: NOW,
      exp: NOW + 60,
      jti: 'jti',
      for: expect.stringMatching(/^[\w-]{32}$/),
    });
  });
});

describe('Jitsi', () => {
  test.each([
    ['the room it names', ['room-1'], ['join'], { action: 'join', room: 'room-1' }, true],
    [
      'that room in any case, since the server folds it',
      ['room-1'],
      ['join'],
      { action: 'join', room: 'Room-1' },
      true,
    ],
    ['no other room', ['room-1'], ['join'], { action: 'join', room: 'room-2' }, false],
    ['any room where any is granted', '*', ['join'], { action: 'join', room: 'room-2' }, true],
    [
      'moderation where it is granted',
      ['room-1'],
      ['join', 'moderate'],
      { action: 'moderate', room: 'room-1' },
      true,
    ],
    ['no moderation where it is not', ['room-1'], ['join'], { action: 'moderate', room: 'room-1' }, false],
  ] as const)('accepts %s', async (_, rooms, actions, attempt, accepted) => {
    const token = await issue(jitsi, 'jitsi', { actions, rooms, transports: [], ttlSeconds: 3600 });
    expect(decide('jitsi', token, attempt).accepted).toBe(accepted);
  });

  test('is shown an id and whether the person moderates, nothing else of them', async () => {
    const token = await issue(jitsi, 'jitsi', {
      actions: ['join'],
      rooms: ['a'],
      transports: [],
      ttlSeconds: 60,
    });
    expect(claimsOf(token)).toEqual({
      iss: 'streampass',
      aud: 'jitsi',
      sub: 'meet.example.com',
      room: 'a',
      context: { user: { id: 'person-1', moderator: false } },
      iat: NOW,
      exp: NOW + 60,
      jti: 'jti',
      for: expect.stringMatching(/^[\w-]{32}$/),
    });
  });
});

describe('rtcstats-server', () => {
  test('accepts the token until the second in which it ends', async () => {
    const token = await issue(rtcstats, 'rtcstats', {
      actions: ['report'],
      rooms: '*',
      transports: [],
      ttlSeconds: 60,
    });
    const accepted = [0, 59, 60].map(
      (after) => decide('rtcstats', token, { action: 'report' }, NOW + after).accepted,
    );
    expect(accepted).toEqual([true, true, false]);
  });

  test.each([
    [
      'names the conference where one room is granted',
      ['room-1'],
      { user: 'person-1', session: 'session-1', conference: 'room-1' },
    ],
    ['names no conference where any room is granted', '*', { user: 'person-1', session: 'session-1' }],
  ] as const)('%s', async (_, rooms, rtcStats) => {
    const token = await issue(rtcstats, 'rtcstats', {
      actions: ['report'],
      rooms,
      transports: [],
      ttlSeconds: 60,
    });
    expect(claimsOf(token)['rtcStats']).toEqual(rtcStats);
  });
});

describe('every target', () => {
  test.each(Object.entries(config.targets))('%s: header is alg, typ and kid alone', async (name, target) => {
    const grant: Grant = {
      actions: target.actions,
      rooms: ['a'],
      transports: target.transports,
      ttlSeconds: 60,
    };
    const header = JSON.parse(
      Buffer.from((await issue(target, name, grant)).split('.')[0] ?? '', 'base64url').toString(),
    );
    expect(header).toEqual({ alg: 'HS256', typ: 'JWT', kid: '11111111' });
  });

  test.each(Object.entries(config.targets))(
    '%s: the fallback holds the same claims under the other secret',
    async (name, target) => {
      const other = { alg: 'HS256' as const, kid: '22222222', key: hmacKey(`${SECRET}2`) };
      const grant: Grant = {
        actions: target.actions,
        rooms: ['a'],
        transports: target.transports,
        ttlSeconds: 60,
      };
      const issuance = { now: NOW, jti: 'jti', session: 's', transportsNamed: false };
      const issued = await issueToken(target, name, grant, person, { ...RING, fallback: other }, issuance);
      expect(claimsOf(issued.fallback ?? '')).toEqual(claimsOf(issued.token));
      expect(issued.fallback?.split('.')[2]).not.toBe(issued.token.split('.')[2]);
    },
  );
});

describe('personal data', () => {
  test('is shown where the target asks for it, and only as text', async () => {
    const { jitsi: makeJitsi } = await import('../../lib/media-servers/index.ts');
    const target = makeJitsi({ secret: 's', appId: 'a', domain: 'd', show: ['name', 'avatar'] });
    const grant: Grant = { actions: ['join'], rooms: ['a'], transports: [], ttlSeconds: 60 };
    const { context } = claimsOf(await issue(target, 'jitsi', grant)) as { context: { user: object } };
    expect(context.user).toEqual({
      id: 'person-1',
      moderator: false,
      name: 'A Name',
      avatar: 'https://example.com/a.png',
    });
  });

  test('a pairwise subject is stable, and differs by target and issuer', async () => {
    const { subjectFor } = await import('../../lib/media-servers/subject.ts');
    const form = { pairwiseSalt: 'x'.repeat(32) };
    const other = { ...person, issuer: 'https://two.example' };
    const subjects = [
      subjectFor(form, 'red5', person),
      subjectFor(form, 'red5', person),
      subjectFor(form, 'jitsi', person),
      subjectFor(form, 'red5', other),
    ];
    expect(subjects[0]).toBe(subjects[1]);
    expect(new Set(subjects).size).toBe(3);
    expect(subjects.join()).not.toContain('person-1');
  });
});
