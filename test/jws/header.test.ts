import { expect, test } from 'vitest';
import { headerProblem } from '../../lib/jws/header.ts';

test.each([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
])('accepts %s', (alg) => {
  expect(
    headerProblem({ alg, kid: 'a', typ: 'JWT', x5t: 'abc', 'x5t#S256': 'abc', cty: 'JWT' }),
  ).toBeUndefined();
});

test.each([undefined, null, 1, '', [], ['RS256'], {}, 'none', 'None', 'NONE', 'HS256', 'HS512', 'rs256'])(
  'refuses the algorithm %j',
  (alg) => {
    expect(headerProblem({ alg })).toBe('subject_token_algorithm');
  },
);

test.each(['ES256K', 'Ed448', 'RSA1_5', 'dir', 'toString', '__proto__', 'RS256\0'])(
  'refuses the algorithm %j',
  (alg) => {
    expect(headerProblem({ alg })).toBe('subject_token_algorithm');
  },
);

test.each([
  ['crit', ['exp']],
  ['crit', []],
  ['crit', null],
  ['b64', false],
  ['b64', true],
  ['kid', 7],
  ['kid', null],
  ['kid', ['a']],
])('refuses the member %s: %j', (member, value) => {
  expect(headerProblem({ alg: 'RS256', kid: 'a', [member]: value })).toBe('subject_token_header');
});

test.each([
  ['jwk', { kty: 'RSA' }],
  ['jku', 'https://attacker.example/jwks.json'],
  ['x5u', 'https://attacker.example/chain.pem'],
  ['x5c', ['MIIB']],
])('ignores the member %s, by which a token names its own key', (member, value) => {
  expect(headerProblem({ alg: 'RS256', kid: 'a', [member]: value })).toBeUndefined();
});
