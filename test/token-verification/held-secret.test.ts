import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import type { HeldSecret } from '../../lib/jws/sign.ts';
import { antmedia } from '../../lib/media-servers/index.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';
import { createVerifier } from '../../lib/token-verification/verifier.ts';
import { verifyToken, type VerifyOptions } from '../../lib/token-verification/verify-token.ts';
import { claimsOf, forge, issue, liveKeys, NOW, TARGETS } from './scene.ts';

/** Tokens of a target whose shared secret KMS holds: whoever asks about one may cost a call, so nobody else does. */

const TEXT = 'r'.repeat(86);
const macOf = (input: Uint8Array) => createHmac('sha256', TEXT).update(input).digest();

let calls = 0;
let answers: () => void;
beforeEach(() => {
  calls = 0;
  answers = () => undefined;
});

const held = (kid: string): HeldSecret => ({
  alg: 'HS256',
  kid,
  signatureBytes: 32,
  sign: async (input) => macOf(input),
  async verify(token) {
    calls++;
    answers();
    const [input = '', signature] = token.split(/\.(?=[^.]*$)/);
    return macOf(Buffer.from(input)).toString('base64url') === signature;
  },
});

const verify = createVerifier({
  targets: [
    { name: 'red5', target: TARGETS.red5, keys: liveKeys([held('11111111'), held('22222222')]) },
    { name: 'rtcstats', target: TARGETS.rtcstats, keys: liveKeys([held('33333333')]) },
  ],
  issuers: ['https://id.example'],
  assertNotDenied: async () => undefined,
  now: () => NOW,
  clockSkew: 60,
});
const ask = (token: string, options?: VerifyOptions) => verify(token, undefined, options);

const anything = fc.oneof(
  fc.json().map((json): unknown => JSON.parse(json)),
  fc.constantFrom([], {}, '', null, [null], [[]]),
);

const header = { alg: 'HS256', typ: 'JWT', kid: '11111111' };
const good = claimsOf(await issue('red5', {}, { key: held('11111111') }));
const forged = (claims: object, other: object = {}, secret = TEXT) =>
  forge({ ...good, ...claims }, { ...header, ...other }, hmacKey(secret));

test.each(['11111111', '22222222'])('one that %s signed is good, and costs one call', async (kid) => {
  const token = await issue('red5', {}, { key: held(kid) });
  expect(await ask(token)).toMatchObject({ ok: true, token: { targetName: 'red5', kid } });
  expect(calls).toBe(1);
});

test('one that somebody else signed is refused after one call', async () => {
  expect(await ask(forged({}, {}, 'x'.repeat(43)))).toEqual({ ok: false, problem: 'token_signature' });
  expect(calls).toBe(1);
});

describe('no call is made for a token', () => {
  test.each<[string, string, string]>([
    ['that is none', 'not a token', 'token_malformed'],
    ['that is too long', `${forged({})}${'x'.repeat(16_384)}`, 'token_malformed'],
    ['of another type', forged({}, { typ: 'at+jwt' }), 'token_header'],
    ['that names a key', forged({}, { jku: 'https://evil.example' }), 'token_header'],
    ['of another algorithm', forged({}, { alg: 'none' }), 'token_signature'],
    ['of another key', forged({}, { kid: '99999999' }), 'token_key_unknown'],
    ['of no key', forged({}, { kid: undefined }), 'token_signature'],
    ['that has ended', forged({ exp: NOW }), 'token_expired'],
    ['that begins later', forged({ iat: NOW + 61 }), 'token_not_yet_valid'],
    ['without an end', forged({ exp: undefined }), 'token_claims'],
    ['without an id', forged({ jti: undefined }), 'token_claims'],
    ['of another issuer', forged({ iss: 'other' }), 'token_issuer'],
    ['with claims that are never issued', forged({ roles: 'publish' }), 'token_claims'],
  ])('%s', async (_what, token, problem) => {
    expect(await ask(token)).toEqual({ ok: false, problem });
    expect(calls).toBe(0);
  });
});

test.each([
  ['red5', TARGETS.red5],
  ['jitsi', TARGETS.jitsi],
  ['rtcstats', TARGETS.rtcstats],
  ['livekit', TARGETS.livekit],
  ['antmedia', antmedia({})],
] as const)(
  'claims of %s that nobody has signed may be anything: nothing is thrown',
  async (name, target) => {
    const key = held('11111111');
    const identity = { issuer: 'https://id.example', subject: 'p', groups: [], claims: {}, expiresAt: 0 };
    const grant = {
      actions: [...target.actions].slice(0, 1),
      rooms: ['lobby'],
      transports: [],
      ttlSeconds: 60,
    };
    const issuance = { now: NOW, jti: 'j', session: 's', transportsNamed: false };
    const { token } = await issueToken(
      target,
      name,
      grant,
      identity,
      { current: key, readAt: NOW },
      issuance,
    );
    const real = claimsOf(token);
    const claims = fc.record(
      Object.fromEntries(
        Object.keys(real).map((claim) => [claim, fc.oneof(fc.constant(real[claim]), anything)]),
      ),
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(claims, async (some) => {
        const candidates = [{ name, target, keys: [key] }];
        const forgery = forge(some, header, hmacKey('x'.repeat(43)));
        expect((await verifyToken(forgery, candidates, NOW, 60)).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  },
);

test('one that has ended costs a call only if a server reports the end of its stream', async () => {
  const ended = await issue('red5', {}, { key: held('11111111'), at: NOW - 600 });
  expect(await ask(ended, { expiredToo: true })).toMatchObject({
    ok: false,
    problem: 'token_expired',
    token: { targetName: 'red5' },
  });
  expect(calls).toBe(1);
});

test('if KMS does not answer, nobody says that a token is good or bad', async () => {
  answers = () => {
    throw new OAuthError('signing_unavailable');
  };
  await expect(ask(forged({}))).rejects.toMatchObject({ reason: 'signing_unavailable' });
});
