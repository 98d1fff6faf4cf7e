import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { exportSPKI } from 'jose';
import { describe, expect, test } from 'vitest';
import { createVerifier } from '../../lib/token-verification/verifier.ts';
import { verifyToken } from '../../lib/token-verification/verify-token.ts';
import type { SigningKey } from '../../lib/jws/sign.ts';
import { TRANSPORTS } from '../../lib/policy/grant.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import type { Grant } from '../../lib/policy/grant.ts';
import { signStreamKey } from '../../lib/stream-keys/stream-key.ts';
import { sharedKey } from '../support/signing-keys.ts';
import { claimsOf, forge, issue, verifierWith, KEYS, liveKeys, NOW, TARGETS } from './scene.ts';
import type { TargetName } from './scene.ts';

const verify = verifierWith();
const names = Object.keys(TARGETS) as TargetName[];
const red5Key = KEYS.red5[0].key;
const good = claimsOf(await issue('red5', {}));
const header = { alg: 'HS256', typ: 'JWT', kid: '11111111' };

describe.each(names)('a token for %s', (name) => {
  test.each([
    ['current', 0],
    ['fallback', 1],
  ] as const)('is good under the %s key', async (_part, index) => {
    const verdict = await verify(await issue(name, {}, { key: KEYS[name][index] }));
    expect(verdict).toMatchObject({ ok: true, token: { targetName: name, kid: KEYS[name][index].kid } });
  });

  test('is not valid for another target', async () => {
    const verdict = await verify(await issue(name, {}), (_target, other) => other !== name);
    expect(verdict).toEqual({ ok: false, problem: 'token_key_unknown' });
  });

  test('is read back as what was granted, whatever that was', async () => {
    const target: Target = TARGETS[name];
    const room = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,20}$/);
    const rooms = fc.uniqueArray(room, { minLength: 1, maxLength: target.roomsPerToken });
    const actions = fc.subarray([...target.actions], { minLength: 1 });
    const grants = fc.record({
      actions: name === 'jitsi' ? fc.constantFrom(['join'], ['join', 'moderate']) : actions,
      rooms: fc.oneof(fc.constant('*' as const), rooms),
      transports: fc.constant(target.transports.length > 0 ? [...TRANSPORTS] : []),
    });
    const isReadBack = async (grant: Omit<Grant, 'ttlSeconds'>): Promise<void> => {
      const candidates = [{ name, target, keys: KEYS[name] }];
      const verdict = await verifyToken(await issue(name, grant), candidates, NOW, 60);
      expect(verdict).toMatchObject({ ok: true, token: { grant: { subject: 'person-1', ...grant } } });
    };
    await fc.assert(fc.asyncProperty(grants, isReadBack), { numRuns: 30 });
  });
});

/** A stream key for `red5`, signed with this key. */
const streamKeyBy = (signs: SigningKey): Promise<string> =>
  signStreamKey(
    {
      id: 'key-1',
      owner: {
        issuer: 'https://id.example',
        subject: 'person-1',
        groups: [],
        claims: {},
        expiresAt: NOW + 3600,
      },
      target: 'red5',
      room: 'lobby',
      stream: 'main',
      actions: ['publish'],
      transports: ['WHIP'],
      issuedAt: NOW,
      expiresAt: NOW + 3600,
    },
    signs,
  );

describe('no good is a token', async () => {
  test.each([
    ['that is none', '', 'token_missing'],
    ['in two parts', 'a.b', 'token_malformed'],
    ['longer than any', 'a'.repeat(20_000), 'token_malformed'],
    ['after a scheme', `Bearer ${await issue('red5', {})}`, 'token_malformed'],
    ['that is a stream key', await streamKeyBy(sharedKey('bbbbbbbb', 'k'.repeat(43))), 'token_key_unknown'],
    ['that is a stream key by the target’s own secret', await streamKeyBy(KEYS.red5[0]), 'token_issuer'],
    ['with another type', forge(good, { ...header, typ: 'at+jwt' }, red5Key), 'token_header'],
    ['without a type', forge(good, { alg: 'HS256', kid: '11111111' }, red5Key), 'token_header'],
    [
      'with members that must be understood',
      forge(good, { ...header, crit: ['exp'] }, red5Key),
      'token_header',
    ],
    ['that brings its own key', forge(good, { ...header, jwk: {} }, red5Key), 'token_header'],
    ['that names another algorithm', forge(good, { ...header, alg: 'HS512' }, red5Key), 'token_signature'],
    ['that names none', forge(good, { ...header, alg: 'none' }, red5Key), 'token_signature'],
    ['of another key by name', forge(good, { ...header, kid: '22222222' }, red5Key), 'token_signature'],
    ['under an unknown secret', forge(good, header, createSecretKey(Buffer.alloc(32, 1))), 'token_signature'],
    ['under an empty secret', forge(good, header, createSecretKey(Buffer.alloc(0))), 'token_signature'],
    ['that has ended', await issue('red5', {}, { at: NOW - 600 }), 'token_expired'],
    ['from the future', await issue('red5', {}, { at: NOW + 61 }), 'token_not_yet_valid'],
    ['not valid yet', forge({ ...good, nbf: NOW + 61 }, header, red5Key), 'token_not_yet_valid'],
    ['without an end', forge({ ...good, exp: undefined }, header, red5Key), 'token_claims'],
    ['whose end is a text', forge({ ...good, exp: '9999999999' }, header, red5Key), 'token_claims'],
    ['without an id', forge({ ...good, jti: undefined }, header, red5Key), 'token_claims'],
    ['of another issuer', forge({ ...good, iss: 'other' }, header, red5Key), 'token_issuer'],
    [
      'without roles, which servers take for all',
      forge({ ...good, roles: undefined }, header, red5Key),
      'token_claims',
    ],
    [
      'with an unknown role',
      forge({ ...good, roles: 'red5-publisher,admin' }, header, red5Key),
      'token_claims',
    ],
    ['with an empty list of rooms', forge({ ...good, 'red5-room': '' }, header, red5Key), 'token_claims'],
  ])('%s', async (_name, token, problem) => {
    expect(await verify(token)).toMatchObject({ ok: false, problem });
  });

  test('signed by a shared secret made of a public key', async () => {
    const pem = await exportSPKI(KEYS.mediamtx[0].publicKey);
    const claims = claimsOf(await issue('mediamtx', {}));
    const token = forge(claims, { ...header, kid: '77777777' }, createSecretKey(Buffer.from(pem)));
    expect(await verify(token)).toEqual({ ok: false, problem: 'token_signature' });
  });

  test('with any one character changed', async () => {
    const token = await issue('red5', {});
    const places = fc.integer({ min: 0, max: token.length - 1 });
    const anywhere = fc.asyncProperty(places, fc.constantFrom('A', 'b', '7', '_'), async (at, character) => {
      fc.pre(token[at] !== character && token[at] !== '.');
      const verdict = await verify(token.slice(0, at) + character + token.slice(at + 1));
      expect(verdict.ok).toBe(false);
    });
    await fc.assert(anywhere, { numRuns: 300 });
  });
});

describe('the end of a token', () => {
  test.each([
    [NOW - 599, true],
    [NOW - 600, false],
  ])('issued at %i for 600 s: good %s', async (at, isGood) => {
    expect((await verify(await issue('red5', {}, { at }))).ok).toBe(isGood);
  });
});

describe('the deny list', () => {
  test.each([
    ['the person', { subjects: ['person-1'] }],
    ['the token', { sessions: ['jti-1'] }],
  ])('holds for streaming tokens too: %s', async (_what, deny) => {
    const verdict = await verifierWith({ deny })(await issue('red5', {}));
    expect(verdict).toMatchObject({ ok: false, problem: 'token_denied' });
  });

  test('finds a call by its session', async () => {
    const verdict = await verifierWith({ deny: { sessions: ['session-1'] } })(await issue('rtcstats', {}));
    expect(verdict).toMatchObject({ ok: false, problem: 'token_denied' });
  });
});

describe('while the keys of one target cannot be had', () => {
  const partly = verifierWith({ without: ['red5'] });

  test('tokens of the others are verdict', async () => {
    expect((await partly(await issue('jitsi', {}))).ok).toBe(true);
  });

  test('nobody can tell of a token that may be its', async () => {
    await expect(partly(await issue('red5', {}))).rejects.toMatchObject({ reason: 'secret_unavailable' });
  });
});

describe('a key that is not known yet', () => {
  function scene(keys: readonly SigningKey[], later: readonly SigningKey[] | 'unavailable') {
    const asked: (number | undefined)[] = [];
    const verifyOne = createVerifier({
      targets: [
        {
          name: 'red5',
          target: TARGETS.red5,
          keys: {
            get: (wantedAge) => {
              asked.push(wantedAge);
              return liveKeys(asked.length === 1 ? keys : later).get();
            },
          },
        },
      ],
      issuers: [],
      assertNotDenied: async () => {},
      now: () => NOW,
      clockSkew: 60,
    });
    return { verifyOne, asked };
  }
  const [first, second] = KEYS.red5;

  test('is looked for once more, in a set that is half a minute old at most', async () => {
    const { verifyOne, asked } = scene([first], [second, first]);
    expect(await verifyOne(await issue('red5', {}, { key: second }))).toMatchObject({ ok: true });
    expect(asked).toEqual([60, 30]);
  });

  test('makes nobody able to tell where it cannot be looked for', async () => {
    const { verifyOne } = scene([first], 'unavailable');
    await expect(verifyOne(await issue('red5', {}, { key: second }))).rejects.toMatchObject({
      reason: 'secret_unavailable',
    });
  });

  test('is not looked for because of a bad signature', async () => {
    const { verifyOne, asked } = scene([first], [first]);
    const forged = forge(good, header, createSecretKey(Buffer.alloc(32, 1)));
    expect(await verifyOne(forged)).toEqual({ ok: false, problem: 'token_signature' });
    expect(asked).toEqual([60]);
  });
});
