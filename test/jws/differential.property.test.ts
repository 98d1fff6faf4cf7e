/** What streampass's policy lets through of what `jose` accepts by itself, over mutated tokens of every algorithm. */

import type { KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { compactVerify, createLocalJWKSet } from 'jose';
import type { JWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { VERIFICATION_ALGORITHMS } from '../../lib/jws/algorithms.ts';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { readProviderKeys } from '../../lib/jws/provider-keys.ts';
import { acceptsUnder, signedBy } from './verifier.ts';
import { newKeyPair } from './key-pairs.ts';

const ALGORITHMS = [...VERIFICATION_ALGORITHMS.keys()];
const PAIRS = ALGORITHMS.map((alg) => ({ alg, ...newKeyPair(alg, `kid-${alg}`) }));
const JWKS = { keys: PAIRS.map(({ jwk }) => jwk) };
const OUR_KEYS = await readProviderKeys(JWKS);
const joseKeys = createLocalJWKSet(JWKS as { keys: JWK[] });

/** Signs whatever the parts say, also nonsense. */
function signed(headerText: string, payloadText: string, alg: string, key: KeyObject): string {
  return signedBy(alg, key, headerText, payloadText);
}

const weAccept = async (token: string): Promise<boolean> =>
  decodeCompactJws(token) !== undefined && acceptsUnder(OUR_KEYS, token);

/** As a JWT: the payload has to be a JSON object too. */
async function joseAccepts(token: string): Promise<boolean> {
  try {
    const { payload } = await compactVerify(token, joseKeys, { algorithms: ALGORITHMS });
    const claims: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload),
    );
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims);
  } catch {
    return false;
  }
}

/**
 * What streampass refuses on purpose and `jose` lets pass: other spellings of base64url, `b64`, and a token without `kid` that
 * both keys of Ed25519 fit, because its algorithm has two names (RFC 9864 §2.2).
 */
function isRefusedOnPurpose(token: string): boolean {
  const parts = token.split('.');
  if (parts.some((part) => Buffer.from(part, 'base64url').toString('base64url') !== part)) return true;
  const header = Buffer.from(parts[0] ?? '', 'base64url').toString('utf8');
  return header.startsWith('\ufeff') || /"b64":/.test(header) || fitsBothEd25519Keys(header);
}

function fitsBothEd25519Keys(header: string): boolean {
  try {
    const { alg, kid } = JSON.parse(header) as { alg?: unknown; kid?: unknown };
    return kid === undefined && (alg === 'EdDSA' || alg === 'Ed25519');
  } catch {
    return false;
  }
}

async function expectAgreement(token: string): Promise<void> {
  const theirs = await joseAccepts(token);
  expect({ token, accepted: await weAccept(token) }).toEqual({
    token,
    accepted: theirs && !isRefusedOnPurpose(token),
  });
}

const json = fc.json({ maxDepth: 1 });
const headerMembers = fc.record(
  {
    alg: fc.oneof(
      fc.constantFrom<unknown>(...ALGORITHMS, 'none', 'HS256', 'ES256K', 'Ed448'),
      fc.jsonValue({ maxDepth: 0 }),
    ),
    kid: fc.oneof(
      fc.constantFrom<unknown>(...PAIRS.map(({ jwk }) => jwk.kid)),
      fc.jsonValue({ maxDepth: 0 }),
    ),
    typ: fc.constantFrom('JWT', 'at+jwt', 7),
    crit: fc.constantFrom<unknown>(['exp'], ['b64'], [], 'b64', ['b64', 'b64']),
    b64: fc.constantFrom<unknown>(true, false, 'true'),
    jwk: fc.constantFrom<unknown>(PAIRS[0]?.jwk, {}),
    jku: fc.constant('https://attacker.example/jwks.json'),
    x5t: fc.constant('abc'),
    ['__proto__']: fc.constant({ alg: 'none' }),
  },
  { requiredKeys: [] },
);

test('of two keys of Ed25519, a token without kid chooses neither, by either name', async () => {
  for (const { alg, privateKey } of PAIRS.filter((pair) => pair.jwk.crv === 'Ed25519')) {
    const token = signed(JSON.stringify({ alg }), '{"sub":"a"}', alg, privateKey);
    expect([await weAccept(token), await joseAccepts(token)]).toEqual([false, true]);
  }
});

describe.each(PAIRS)('$alg', ({ alg, jwk, privateKey }) => {
  const header = JSON.stringify({ alg, kid: jwk.kid });
  const token = signed(header, '{"sub":"a"}', alg, privateKey);

  test('the unchanged token is accepted by both', async () => {
    expect([await weAccept(token), await joseAccepts(token)]).toEqual([true, true]);
  });

  test('both agree on tokens with characters changed, added or taken out', async () => {
    const character = fc.oneof(
      fc.constantFrom('.', '_', '-', '+', '/', '=', ' ', 'A', 'a', '\n'),
      fc.string({ minLength: 1, maxLength: 1, unit: 'grapheme' }),
    );
    const edit = fc.record({
      at: fc.nat({ max: token.length }),
      remove: fc.nat({ max: 2 }),
      insert: fc.array(character, { maxLength: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(edit, ({ at, remove, insert }) =>
        expectAgreement(token.slice(0, at) + insert.join('') + token.slice(at + remove)),
      ),
      { numRuns: 200 },
    );
  });

  test('both agree on signed tokens with any header', async () => {
    await fc.assert(
      fc.asyncProperty(headerMembers, fc.boolean(), (members, keepAlg) =>
        expectAgreement(
          signed(
            JSON.stringify({ ...members, ...(keepAlg && { alg, kid: jwk.kid }) }),
            '{"sub":"a"}',
            alg,
            privateKey,
          ),
        ),
      ),
      { numRuns: 150 },
    );
  });

  test('both agree on signed tokens whose header or payload is any JSON, or none', async () => {
    const text = fc.oneof(
      json,
      fc.string({ maxLength: 20, unit: 'binary' }),
      fc.constantFrom(header, '{}', `\ufeff${header}`, '{"alg":1'),
    );
    await fc.assert(
      fc.asyncProperty(text, text, (headerText, payloadText) =>
        expectAgreement(signed(headerText, payloadText, alg, privateKey)),
      ),
      { numRuns: 100 },
    );
  });
});
