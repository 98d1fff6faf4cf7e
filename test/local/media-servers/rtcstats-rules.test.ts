import fc from 'fast-check';
import jsonwebtoken from 'jsonwebtoken';
import { describe, expect, test } from 'vitest';
import { rtcstatsRules } from '../../../local/media-servers/rules/rtcstats.ts';
import { now, secret, sign } from './token-text.ts';

const decide = (token: string | undefined, held = secret) =>
  rtcstatsRules.decide(token, { secret: held }, { action: 'report' }, now);

describe('accepts', () => {
  test.each([
    ['an empty payload', sign({})],
    ['any typ', sign({}, { header: { alg: 'HS256', typ: 'at+jwt' } })],
    ['an unknown crit', sign({}, { header: { alg: 'HS256', crit: ['x'] } })],
    ['HS384', sign({}, { header: { alg: 'HS384' }, digest: 'sha384' })],
    ['HS512', sign({}, { header: { alg: 'HS512' }, digest: 'sha512' })],
    ['a lifetime of ten years', sign({ exp: now + 315_360_000 })],
    ['one second left', sign({ exp: now + 1 })],
    ['nbf now', sign({ nbf: now })],
    ['iat ahead, even as a text', sign({ iat: 'tomorrow' })],
    ["another server's token of the same secret", sign({ 'red5-room': 'a', exp: now + 60 })],
  ])('%s', (_title, token) => {
    expect(decide(token)).toMatchObject({ accepted: true });
  });

  test.each([
    [
      'the nested claims',
      { rtcStats: { user: 'u', session: 's', conference: 'c' } },
      { user: 'u', session: 's', conference: 'c' },
    ],
    ['only the nested claims', { user: 'u', session: 's' }, { user: null, session: null, conference: null }],
    [
      'values that are not texts as texts',
      { rtcStats: { user: 7, session: ['a'], conference: true } },
      { user: '7', session: 'a', conference: 'true' },
    ],
    ['nothing where rtcStats is null', { rtcStats: null }, { user: null, session: null, conference: null }],
  ])('and reads %s', (_title, claims, granted) => {
    expect(decide(sign(claims))).toEqual({ accepted: true, granted });
  });

  test('everyone where the secret is empty', () => {
    expect(decide(undefined, '')).toMatchObject({ accepted: true });
  });
});

describe('refuses', () => {
  const good = sign({ exp: now + 60 });
  test.each([
    ['no token', undefined, 'Authentication is configured but rtcstats-token is missing'],
    ['an empty token', '', 'Authentication is configured but rtcstats-token is missing'],
    ['exp now', sign({ exp: now }), 'TokenExpiredError: jwt expired'],
    ['exp as a text', sign({ exp: String(now + 60) }), 'JsonWebTokenError: invalid exp value'],
    ['nbf one second ahead', sign({ nbf: now + 1 }), 'NotBeforeError: jwt not active'],
    ['another secret', sign({}, { key: 'x' }), 'JsonWebTokenError: invalid signature'],
    ['a secret with a line end', sign({}, { key: `${secret}\n` }), 'JsonWebTokenError: invalid signature'],
    ['a cut signature', good.slice(0, -1), 'JsonWebTokenError: invalid signature'],
    ['no signature', good.replace(/[^.]+$/, ''), 'JsonWebTokenError: jwt signature is required'],
    [
      'alg none',
      sign({}, { header: { alg: 'none' } }).replace(/[^.]+$/, ''),
      'JsonWebTokenError: jwt signature is required',
    ],
    ['RS256', sign({}, { header: { alg: 'RS256' } }), 'JsonWebTokenError: invalid algorithm'],
    ['a lower-case alg', sign({}, { header: { alg: 'hs256' } }), 'JsonWebTokenError: invalid algorithm'],
    ['no alg', sign({}, { header: {} }), 'JsonWebTokenError: invalid algorithm'],
    ['Bearer before it', `Bearer ${good}`, 'JsonWebTokenError: invalid token'],
    ['padding', `${good}=`, 'JsonWebTokenError: invalid token'],
    ['a line end behind it', `${good}\n`, 'JsonWebTokenError: invalid token'],
    ['two parts', 'a.b', 'JsonWebTokenError: jwt malformed'],
  ])('%s', (_title, token, reason) => {
    expect(decide(token)).toEqual({ accepted: false, at: 'login', reason });
  });
});

test('decides and says what the package jsonwebtoken does, whatever the token', () => {
  const algorithm = fc.constantFrom(
    ['HS256', 'sha256'],
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
    ['RS256', 'sha256'],
    ['none', 'sha256'],
    [null, 'sha256'],
    [5, 'sha256'],
  );
  const time = fc.oneof(
    fc.integer({ min: now - 2, max: now + 2 }),
    fc.constantFrom(null, 'x', true, 1.5, -1),
  );
  const claims = fc.record({ exp: time, nbf: time, iat: time, sub: fc.string() }, { requiredKeys: [] });
  const payload = fc.oneof(
    { weight: 5, arbitrary: claims },
    { weight: 1, arbitrary: fc.constantFrom('null', '[]', '5', '"x"', 'no json', '{') },
  );
  const typ = fc.constantFrom('JWT', 'jwt', undefined);
  const key = fc.constantFrom(secret, secret, secret, 'other');
  const damage = fc.constantFrom<((token: string) => string)[]>(
    (token) => token,
    (token) => `${token}.`,
    (token) => `.${token}`,
    (token) => `${token}=`,
    (token) => token.slice(0, -1),
    (token) => token.replace('.', '..'),
    (token) => token.replace(/[^.]+$/, ''),
    (token) => token.replace(/^[^.]+/, 'bnVsbA'), // null
    (token) => token.replace(/^[^.]+/, 'NQ'), // 5
  );
  const sound = fc.constant((token: string) => token);
  fc.assert(
    fc.property(
      algorithm,
      payload,
      typ,
      key,
      fc.oneof(sound, damage),
      ([alg, digest], body, typ, key, break_) => {
        const token = break_(sign(body, { header: { alg, typ }, key, digest }));
        let real = 'accepted';
        try {
          jsonwebtoken.verify(token, secret, { clockTimestamp: now });
        } catch (error) {
          real = String(error);
        }
        const decision = decide(token);
        const ours = decision.accepted ? 'accepted' : decision.reason;
        // The engine's words for JSON that cannot be read are its own.
        const isOwnWords = /^(SyntaxError|TypeError): /.test(real);
        expect(isOwnWords ? real.split(':')[0] : real).toBe(isOwnWords ? ours.split(':')[0] : ours);
      },
    ),
    { numRuns: 2000 },
  );
});
