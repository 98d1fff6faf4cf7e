import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { signCompact, type SigningKey } from '../../lib/jws/sign.ts';
import { decideByRules } from '../../lib/policy/decide-by-rules.ts';
import { indexRules } from '../../lib/policy/match-rules.ts';
import type { Rule } from '../../lib/policy/rule.ts';
import { conformingServers } from '../media-servers/conformance/index.ts';
import { NOW, KEY, RULES, broadcaster, configWith, issuedBy, makeKey, reasonOf, useKey } from './scene.ts';

const OTHER: SigningKey = { alg: 'HS256', kid: 'other', key: hmacKey('o'.repeat(43)) };
const DAY = 86_400;
const PLACE = { rooms: ['studio-1'], stream: 'main' };

describe('a stream key', async () => {
  test('holds target, room, stream, transports, owner and end', async () => {
    const claims = decodeCompactJws(issuedBy(await makeKey(PLACE)))?.claims;
    expect(claims).toMatchObject({
      target: 'live',
      room: 'studio-1',
      stream: 'main',
      actions: ['publish'],
      transports: ['WHIP', 'RTMP'],
      exp: NOW + 90 * DAY,
      owner: {
        iss: 'https://id.example',
        sub: 'person-1',
        groups: ['broadcasters'],
        claims: { sid: 'sign-in-1' },
      },
    });
  });

  test('is answered by its own type, with its own lifetime', async () => {
    const outcome = await makeKey({ ...PLACE, expiresIn: 7 * DAY });
    expect(outcome).toMatchObject({
      response: {
        issued_token_type: 'urn:streampass:token-type:stream-key',
        token_type: 'N_A',
        expires_in: 7 * DAY,
      },
    });
  });

  test.each([
    ['no room', { stream: 'main' }, 'stream_key_place'],
    ['two rooms', { ...PLACE, rooms: ['studio-1', 'studio-2'] }, 'stream_key_place'],
    ['no stream', { rooms: ['studio-1'] }, 'stream_key_place'],
    ['two targets', { ...PLACE, audiences: ['live', 'meet'] }, 'stream_key_place'],
    ['a room that no rule with stream keys allows', { ...PLACE, rooms: ['lobby'] }, 'stream_key_not_allowed'],
    [
      'an action that no rule with stream keys allows',
      { ...PLACE, scope: ['subscribe'] },
      'stream_key_not_allowed',
    ],
    ['an action that the target does not know', { ...PLACE, scope: ['fly'] }, 'action_unknown'],
  ])('is refused for %s', async (_what, asked, reason) => {
    expect(reasonOf(await makeKey(asked))).toBe(reason);
  });

  test('is refused to somebody whom no rule with stream keys matches', async () => {
    const person = { ...broadcaster, groups: [] };
    expect(reasonOf(await makeKey(PLACE, { person }))).toBe('target_not_allowed');
  });

  test('makes no other stream key', async () => {
    const key = issuedBy(await makeKey(PLACE));
    const again = { ...PLACE, subjectToken: key, subjectTokenType: 'stream_key' } as const;
    expect(reasonOf(await makeKey(again))).toBe('stream_key_not_allowed');
  });

  test('is exchanged for a token of exactly its place', async () => {
    const token = issuedBy(await useKey(issuedBy(await makeKey(PLACE))));
    expect(decodeCompactJws(token)?.claims).toMatchObject({
      sub: 'person-1',
      roles: 'red5-publisher',
      'red5-room': 'studio-1',
      'red5-transport': 'WHIP,RTMP',
      exp: NOW + 3540,
    });
  });

  test.each([
    ['another target', { audiences: ['meet'] }],
    ['another room', { rooms: ['studio-2'] }],
    ['a second room', { rooms: ['studio-1', 'studio-2'] }],
    ['another stream', { stream: 'other' }],
    ['another action', { scope: ['subscribe'] }],
    ['another transport', { transport: 'RTSP' }],
    ['a second transport', { transport: 'WHIP RTSP' }],
  ])('is not valid for %s', async (_what, changes) => {
    expect(reasonOf(await useKey(issuedBy(await makeKey(PLACE)), changes))).toBe('stream_key_scope');
  });

  test('of a service stays a service’s: rules for users give it nothing', async () => {
    const rules = RULES.map((rule): Rule => ({ ...rule, subject: 'service' }));
    const person = { ...broadcaster, isService: true };
    const key = issuedBy(await makeKey(PLACE, { rules, person }));
    expect(reasonOf(await useKey(key, {}, { rules }))).toBe('issued');
    expect(reasonOf(await useKey(key, {}, { rules: RULES }))).toBe('target_not_allowed');
    expect(reasonOf(await useKey(issuedBy(await makeKey(PLACE)), {}, { rules }))).toBe('target_not_allowed');
  });

  test('is not valid if its owner is denied, and the bearer that is asked about names the key', async () => {
    const key = issuedBy(await makeKey(PLACE));
    const denied = (identity: { readonly streamKey?: string | undefined }) =>
      identity.streamKey === '0b0c5a4e-4a53-4f0e-9d2b-8f6a5c1f7c11';
    expect(reasonOf(await useKey(key, {}, { denied }))).toBe('subject_token_denied');
  });

  test.each([
    ['at its end', { now: NOW + 90 * DAY }],
    ['under another secret', { keys: [OTHER] }],
    ['under another secret of the same name', { keys: [{ ...OTHER, kid: KEY.kid }] }],
  ])('is not valid %s', async (_what, scene) => {
    expect(reasonOf(await useKey(issuedBy(await makeKey(PLACE)), {}, scene))).toBe('stream_key_invalid');
  });

  test('is good under an older secret of the ring, after a rotation', async () => {
    const key = issuedBy(await makeKey(PLACE));
    expect(reasonOf(await useKey(key, {}, { keys: [OTHER, KEY], now: NOW + 80 * DAY }))).toBe('issued');
  });

  test('gives no token that outlives it', async () => {
    const key = issuedBy(await makeKey(PLACE));
    const token = issuedBy(await useKey(key, {}, { now: NOW + 90 * DAY - 60 }));
    expect(decodeCompactJws(token)?.claims['exp']).toBe(NOW + 90 * DAY);
  });

  test('follows today’s rules: what they no longer allow, it no longer gives', async () => {
    const key = issuedBy(await makeKey(PLACE));
    const narrower = RULES.map((rule) => ({ ...rule, rooms: ['studio-2'] }));
    expect(reasonOf(await useKey(key, {}, { rules: narrower }))).toBe('room_not_allowed');
  });

  test.each([
    ['nothing', ''],
    ['no JWT', 'live_1234_abcd'],
    ['a streaming token', await signCompact({ sub: 'a', exp: NOW + 60 }, KEY)],
    ['a key whose members are of other types', await signCompact({ token_use: 'stream_key', rooms: 7 }, KEY)],
    ['a huge one', `${'a'.repeat(5000)}.b.c`],
  ])('is not %s', async (_what, text) => {
    expect(reasonOf(await useKey(text))).toBe('stream_key_invalid');
  });
});

/** One target of each kind of server. */
const KINDS = Object.entries(conformingServers).map(([kind, { target }]) => ({ kind, target }));

describe.each(KINDS)('a key for $kind', ({ target }) => {
  test('gives nothing that its owner could not get when it was made, and nothing that today’s rules do not give', async () => {
    const part = <Item>(items: readonly Item[]) => fc.subarray([...items], { minLength: 1 });
    const ways = target.ignoresTransports ? [] : target.transports;
    const rule = fc.record(
      {
        group: fc.constantFrom('broadcasters', 'staff'),
        target: fc.constant('live'),
        actions: part(target.actions),
        rooms: part(['studio-1', 'studio-2', 'studio-*', '*']),
        ...(ways.length > 0 && { transports: part(ways) }),
        ttl: fc.integer({ min: 60, max: 3000 }),
        streamKeys: fc.record({ longest: fc.integer({ min: 60, max: 90 * DAY }) }),
      },
      { requiredKeys: ['target', 'actions', 'rooms', 'ttl'] },
    ) as fc.Arbitrary<Rule>;
    const rules = fc.array(rule, { maxLength: 4 });
    const asked = fc.record(
      {
        scope: part(target.actions),
        ...(ways.length > 0 && { transport: part(ways).map((names) => names.join(' ')) }),
      },
      { requiredKeys: [] },
    );
    const targets = { live: target };
    let given = 0;
    await fc.assert(
      fc.asyncProperty(rules, rules, asked, async (then, today, changes) => {
        const made = await makeKey({ ...PLACE, ...changes }, { rules: then, targets });
        if (!made.issued) return;
        const used = await useKey(made.response.access_token, {}, { rules: today, targets });
        if (!used.issued) return;
        given++;
        const { grant } = used.facts;
        if (grant === undefined) throw new Error('a token has a grant');
        for (const each of [then, today]) {
          const config = configWith(each, targets);
          const live = config.targets['live'];
          if (live === undefined) throw new Error('the target is there');
          const wanted = {
            actions: grant.actions,
            rooms: grant.rooms === '*' ? ['*'] : grant.rooms,
            ...(ways.length > 0 && { transports: grant.transports }),
          };
          const allowed = decideByRules(
            indexRules(each, config.targets, 60),
            'live',
            live,
            broadcaster,
            wanted,
            NOW,
          );
          expect(allowed).toMatchObject({ granted: true });
        }
      }),
      { numRuns: 200 },
    );
    expect(given).toBeGreaterThan(5);
  });
});
