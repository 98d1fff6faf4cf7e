import { createHash } from 'node:crypto';
import {
  ACCESS_TOKEN,
  ID_TOKEN,
  VIEWING,
  byToken,
  partsOf,
  rawToken,
  request,
  tokenOf,
  viewer,
} from './attack.ts';
import type { Attack } from './attack.ts';
import type { TokenIssuer } from './token-issuer.ts';

const MALFORMED = '400 invalid_request subject_token_malformed';
const ALGORITHM = '400 invalid_request subject_token_algorithm';
const ISSUER = '400 invalid_request subject_token_issuer';
const TYPE = '400 invalid_request subject_token_type_mismatch';

const forms = byToken([
  ['sends one part', (issuer) => partsOf(issuer).payload, MALFORMED],
  ['sends two parts', (issuer) => `${partsOf(issuer).header}.${partsOf(issuer).payload}`, MALFORMED],
  ['sends four parts', (issuer) => `${tokenOf(issuer)}.x`, MALFORMED],
  ['sends five parts, an encrypted token', (issuer) => `${tokenOf(issuer)}.x.y`, MALFORMED],
  ['sends dots alone', () => '..', MALFORMED],
  ['sends a token in JSON', (issuer) => JSON.stringify(partsOf(issuer)), MALFORMED],
  ['sends an opaque token', () => 'ya29.a0AfH6SMBx', MALFORMED],
  ['writes Bearer in front', (issuer) => `Bearer ${tokenOf(issuer)}`, MALFORMED],
  ['writes quotes around', (issuer) => `"${tokenOf(issuer)}"`, MALFORMED],
  ['writes a blank in front', (issuer) => ` ${tokenOf(issuer)}`, MALFORMED],
  ['writes a line break at the end', (issuer) => `${tokenOf(issuer)}\n`, MALFORMED],
  ['writes a line break in the middle', (issuer) => tokenOf(issuer).replace('.', '\n.'), MALFORMED],
  ['pads the signature', (issuer) => `${tokenOf(issuer)}==`, MALFORMED],
  ['pads the header', (issuer) => tokenOf(issuer).replace('.', '=.'), MALFORMED],
  [
    'writes the signature in plain base64',
    (issuer) => {
      const { header, payload } = partsOf(issuer);
      return `${header}.${payload}.${Buffer.alloc(256, 0xff).toString('base64')}`;
    },
    MALFORMED,
  ],
  [
    'sets unused bits of the signature',
    (issuer) => {
      const { header, payload, signature } = partsOf(issuer);
      const last = signature.at(-1) ?? '';
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      return `${header}.${payload}.${signature.slice(0, -1)}${alphabet[alphabet.indexOf(last) + 1]}`;
    },
    MALFORMED,
  ],
  ['hides a byte that decoders skip', (issuer) => tokenOf(issuer).replace('.', '!.'), MALFORMED],
  ['sends 16,385 characters', () => 'a'.repeat(16_385), '400 invalid_request subject_token_too_large'],
  ['sends 60,000 dots', () => '.'.repeat(60_000), '400 invalid_request subject_token_too_large'],
  [
    'has thousands of groups',
    (issuer) => tokenOf(issuer, { groups: Array.from({ length: 3000 }, (_, n) => `g${n}`) }),
    '400 invalid_request subject_token_too_large',
  ],
  [
    'nests lists a thousand deep',
    (issuer) => tokenOf(issuer, { x: JSON.parse(`${'['.repeat(1000)}${']'.repeat(1000)}`) as unknown }),
    VIEWING,
  ],
  ['has a list for a header', (issuer) => rawToken(issuer, '[]', viewer(issuer)), MALFORMED],
  ['has null for a header', (issuer) => rawToken(issuer, 'null', viewer(issuer)), MALFORMED],
  ['has a text for a header', (issuer) => rawToken(issuer, '"RS256"', viewer(issuer)), MALFORMED],
  ['has no header', (issuer) => rawToken(issuer, '', viewer(issuer)), MALFORMED],
  [
    'has a header of bytes',
    (issuer) => rawToken(issuer, Buffer.from([0xff, 0xfe]), viewer(issuer)),
    MALFORMED,
  ],
  [
    'has two algorithms, the good one first',
    (issuer) => rawToken(issuer, '{"alg":"RS256","kid":"rsa","alg":"none"}', viewer(issuer)),
    ALGORITHM,
  ],
  ['has a list for a payload', (issuer) => rawToken(issuer, { alg: 'RS256', kid: 'rsa' }, '[]'), MALFORMED],
  ['has null for a payload', (issuer) => rawToken(issuer, { alg: 'RS256', kid: 'rsa' }, 'null'), MALFORMED],
  ['has a number for a payload', (issuer) => rawToken(issuer, { alg: 'RS256', kid: 'rsa' }, '1'), MALFORMED],
  ['has no payload', (issuer) => rawToken(issuer, { alg: 'RS256', kid: 'rsa' }, ''), MALFORMED],
  [
    'has another token for a payload',
    (issuer) => rawToken(issuer, { alg: 'RS256', kid: 'rsa', cty: 'JWT' }, tokenOf(issuer)),
    MALFORMED,
  ],
  [
    'has a payload of bytes',
    (issuer) => rawToken(issuer, { alg: 'RS256', kid: 'rsa' }, Buffer.from([0xc3, 0x28])),
    MALFORMED,
  ],
  [
    'has a byte order mark',
    (issuer) => rawToken(issuer, { alg: 'RS256', kid: 'rsa' }, `\ufeff${JSON.stringify(viewer(issuer))}`),
    MALFORMED,
  ],
  [
    'has text after the payload',
    (issuer) => rawToken(issuer, { alg: 'RS256', kid: 'rsa' }, `${JSON.stringify(viewer(issuer))}{}`),
    MALFORMED,
  ],
  [
    'gives the prototype groups',
    (issuer) =>
      rawToken(
        issuer,
        { alg: 'RS256', kid: 'rsa' },
        JSON.stringify({ ...viewer(issuer), groups: undefined }).replace(
          '{',
          '{"__proto__":{"groups":["moderators"]},',
        ),
      ),
    '400 invalid_scope target_not_allowed',
  ],
]);

const kinds: readonly Attack[] = [
  {
    attack: 'calls an ID token an access token',
    event: (issuer) => request(issuer, { subject_token_type: ACCESS_TOKEN }),
    outcome: TYPE,
  },
  ...['at+jwt', 'AT+JWT', 'application/at+jwt'].map((typ) => ({
    attack: `sends an access token (${typ}) as an ID token`,
    event: (issuer: TokenIssuer) =>
      request(issuer, { subject_token: tokenOf(issuer, {}, { typ }), subject_token_type: ID_TOKEN }),
    outcome: TYPE,
  })),
  {
    attack: 'sends an access token and leaves open what it is',
    event: (issuer) =>
      request(issuer, {
        subject_token: tokenOf(issuer, {}, { typ: 'at+jwt' }),
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      }),
    outcome: TYPE,
  },
  {
    attack: 'sends an access token and says so, where ID tokens alone are exchanged',
    event: (issuer) =>
      request(issuer, {
        subject_token: tokenOf(issuer, {}, { typ: 'at+jwt' }),
        subject_token_type: ACCESS_TOKEN,
      }),
    outcome: TYPE,
  },
];

const issuers = byToken([
  ['names no issuer', (issuer) => tokenOf(issuer, { iss: undefined }), ISSUER],
  ['names an issuer by number', (issuer) => tokenOf(issuer, { iss: 1 }), ISSUER],
  ['names a list of issuers', (issuer) => tokenOf(issuer, { iss: [issuer.issuer] }), ISSUER],
  ['names null as issuer', (issuer) => tokenOf(issuer, { iss: null }), ISSUER],
  ['names the prototype as issuer', (issuer) => tokenOf(issuer, { iss: '__proto__' }), ISSUER],
  ['names an issuer of its own', (issuer) => tokenOf(issuer, { iss: 'https://evil.example' }), ISSUER],
  ['adds a slash to the issuer', (issuer) => tokenOf(issuer, { iss: `${issuer.issuer}/` }), ISSUER],
  ['adds a path to the issuer', (issuer) => tokenOf(issuer, { iss: `${issuer.issuer}/evil` }), ISSUER],
  ['adds a NUL to the issuer', (issuer) => tokenOf(issuer, { iss: `${issuer.issuer}\u0000` }), ISSUER],
  [
    'hides another host in the issuer',
    (issuer) => tokenOf(issuer, { iss: issuer.issuer.replace('127', 'user@127') }),
    ISSUER,
  ],
  [
    'names this machine otherwise',
    (issuer) => tokenOf(issuer, { iss: issuer.issuer.replace('127.0.0.1', 'localhost') }),
    ISSUER,
  ],
  [
    'spells the scheme in upper case',
    (issuer) => tokenOf(issuer, { iss: issuer.issuer.replace('http', 'HTTP') }),
    ISSUER,
  ],
  [
    'names the instance’s credentials as issuer',
    (issuer) => tokenOf(issuer, { iss: 'http://169.254.169.254/latest' }),
    ISSUER,
  ],
  ['names a file as issuer', (issuer) => tokenOf(issuer, { iss: 'file:///etc/passwd' }), ISSUER],
  [
    'names a hash of the issuer',
    (issuer) => tokenOf(issuer, { iss: createHash('sha256').update(issuer.issuer).digest('hex') }),
    ISSUER,
  ],
]);

/** Attacks on the subject token's form, kind and origin. */
export const attacksOnTheToken: readonly Attack[] = [...forms, ...kinds, ...issuers];
