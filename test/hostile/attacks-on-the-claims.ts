import { VIEWING, byToken, rawToken, tokenOf, viewer } from './attack.ts';
import type { Attack } from './attack.ts';
import { AUDIENCE } from './token-issuer.ts';

const CLAIMS = '400 invalid_request subject_token_claims';
const EXPIRED = '400 invalid_request subject_token_expired';
const NOT_YET = '400 invalid_request subject_token_not_yet_valid';
const AUDIENCE_OF_ANOTHER = '400 invalid_request subject_token_audience';
const NOTHING = '400 invalid_scope target_not_allowed';

const seconds = (): number => Math.floor(Date.now() / 1000);

/** Rows of one claim: what it is set to, `undefined` to leave it out. */
function claim(
  name: string,
  rows: readonly (readonly [attack: string, value: unknown, outcome: string])[],
): readonly Attack[] {
  return byToken(
    rows.map(([attack, value, outcome]) => [attack, (issuer) => tokenOf(issuer, { [name]: value }), outcome]),
  );
}

const subjects = claim('sub', [
  ['has no subject', undefined, CLAIMS],
  ['has an empty subject', '', CLAIMS],
  ['has a number for a subject', 1, CLAIMS],
  ['has null for a subject', null, CLAIMS],
  ['has a list for a subject', ['anna'], CLAIMS],
  ['has an object for a subject', { id: 'anna' }, CLAIMS],
  ['has a subject of 256 characters', 'a'.repeat(256), CLAIMS],
  ['breaks a line in the subject', 'anna\nadmin', CLAIMS],
  ['puts a NUL into the subject', 'anna\u0000', CLAIMS],
  ['puts an escape into the subject', 'anna\u001b[2J', CLAIMS],
  ['puts a C1 control into the subject', 'anna\u0085', CLAIMS],
  ['deletes in the subject', 'anna\u007f', CLAIMS],
  ['has a subject of 255 characters, as may be', 'a'.repeat(255), VIEWING],
  ['has a subject that looks like markup, as may be', '"><script>', VIEWING],
]);

const times: readonly Attack[] = [
  ...claim('exp', [
    ['never expires', undefined, CLAIMS],
    ['expires at a text', '9999999999', CLAIMS],
    ['expires at null', null, CLAIMS],
    ['expires at true', true, CLAIMS],
    ['expires at a list', [9_999_999_999], CLAIMS],
    ['expires at an object', { $gt: 0 }, CLAIMS],
    ['expired in 1970', 0, EXPIRED],
    ['expired before 1970', -1, EXPIRED],
    ['expired in 2001', 1_000_000_000, EXPIRED],
  ]),
  ...byToken([
    [
      'expires at an infinite time',
      (issuer) =>
        rawToken(
          issuer,
          { alg: 'RS256', kid: 'rsa' },
          JSON.stringify({ ...viewer(issuer), exp: 0 }).replace('"exp":0', '"exp":1e999'),
        ),
      CLAIMS,
    ],
    ['expired 61 seconds ago', (issuer) => tokenOf(issuer, { exp: seconds() - 61 }), EXPIRED],
    [
      'expired 30 seconds ago, which two clocks may differ by',
      (issuer) => tokenOf(issuer, { exp: seconds() - 30 }),
      VIEWING,
    ],
    ['was issued at a text', (issuer) => tokenOf(issuer, { iat: 'now' }), CLAIMS],
    ['was issued at null', (issuer) => tokenOf(issuer, { iat: null }), CLAIMS],
    ['was issued at no time', (issuer) => tokenOf(issuer, { iat: undefined }), CLAIMS],
    ['was issued two minutes from now', (issuer) => tokenOf(issuer, { iat: seconds() + 120 }), NOT_YET],
    ['was issued in the year 5138', (issuer) => tokenOf(issuer, { iat: 99_999_999_999 }), NOT_YET],
    ['was issued in milliseconds', (issuer) => tokenOf(issuer, { iat: Date.now() }), NOT_YET],
    [
      'was issued 30 seconds from now, which two clocks may differ by',
      (issuer) => tokenOf(issuer, { iat: seconds() + 30 }),
      VIEWING,
    ],
    ['is good two minutes from now', (issuer) => tokenOf(issuer, { nbf: seconds() + 120 }), NOT_YET],
    ['is good from a text on', (issuer) => tokenOf(issuer, { nbf: '0' }), CLAIMS],
    ['is good from null on', (issuer) => tokenOf(issuer, { nbf: null }), CLAIMS],
    ['is good from now on, as may be', (issuer) => tokenOf(issuer, { nbf: seconds() }), VIEWING],
  ]),
];

const audiences: readonly Attack[] = [
  ...claim('aud', [
    ['is meant for nobody', undefined, CLAIMS],
    ['is meant for null', null, CLAIMS],
    ['is meant for an empty list', [], CLAIMS],
    ['is meant for a number', 1, CLAIMS],
    ['is meant for an object', { [AUDIENCE]: true }, CLAIMS],
    ['is meant for a list in a list', [[AUDIENCE]], CLAIMS],
    ['is meant for us and a number', [AUDIENCE, 1], CLAIMS],
    ['is meant for another application', 'another', AUDIENCE_OF_ANOTHER],
    ['is meant for a list of another application', ['another'], AUDIENCE_OF_ANOTHER],
    ['is meant for an application that begins like ours', `${AUDIENCE}-evil`, AUDIENCE_OF_ANOTHER],
    ['is meant for the beginning of ours', AUDIENCE.slice(0, -1), AUDIENCE_OF_ANOTHER],
    ['is meant for ours in upper case', AUDIENCE.toUpperCase(), AUDIENCE_OF_ANOTHER],
    ['is meant for ours and a blank', `${AUDIENCE} `, AUDIENCE_OF_ANOTHER],
    ['is meant for an empty name', '', AUDIENCE_OF_ANOTHER],
    ['is meant for us and another, issued to nobody', [AUDIENCE, 'another'], AUDIENCE_OF_ANOTHER],
    ['is meant for a list of us, as may be', [AUDIENCE], VIEWING],
  ]),
  ...byToken([
    [
      'is meant for us and another, issued to the other',
      (issuer) => tokenOf(issuer, { aud: [AUDIENCE, 'another'], azp: 'another' }),
      AUDIENCE_OF_ANOTHER,
    ],
    [
      'is meant for us twice, issued to a list',
      (issuer) => tokenOf(issuer, { aud: [AUDIENCE, AUDIENCE], azp: [AUDIENCE] }),
      AUDIENCE_OF_ANOTHER,
    ],
    [
      'is meant for us and another, issued to us, as may be',
      (issuer) => tokenOf(issuer, { aud: ['another', AUDIENCE], azp: AUDIENCE }),
      VIEWING,
    ],
    [
      'is an access token’s client_id in an ID token',
      (issuer) => tokenOf(issuer, { aud: 'another', client_id: AUDIENCE }),
      AUDIENCE_OF_ANOTHER,
    ],
  ]),
];

const groups: readonly Attack[] = [
  ...claim('groups', [
    ['is in no group', undefined, NOTHING],
    ['is in an empty list of groups', [], NOTHING],
    ['is in a group of other case', ['Viewers'], NOTHING],
    ['is in a group with a blank', ['viewers '], NOTHING],
    ['is in a group with an invisible character', ['view\u200bers'], NOTHING],
    ['is in a group in look-alike letters', ['viеwers'], NOTHING],
    ['is in a list of a list', [['viewers']], NOTHING],
    ['is in an object of groups, as they may be', { viewers: true }, VIEWING],
    ['is in an object that says no', { viewers: false, moderators: null }, NOTHING],
    ['is in an object of an object', { groups: { viewers: true } }, NOTHING],
    ['is in groups as one text', 'viewers,moderators', NOTHING],
    ['is in groups as one text with blanks', 'viewers moderators', NOTHING],
    ['is in groups of every other type', [null, 1, true, {}, []], NOTHING],
    ['is in a group called like any rule', ['everyone'], NOTHING],
    ['is in a group called like the index of rules', ['claim ["groups","moderators"]'], NOTHING],
    ['is in a path of groups, as some providers write', ['/viewers'], NOTHING],
    ['is in one group as a text, as may be', 'viewers', VIEWING],
    ['is in a group and others of no meaning', ['viewers', 1, null, 'x'], VIEWING],
  ]),
  ...byToken([
    [
      'puts groups where another provider has them',
      (issuer) => tokenOf(issuer, { groups: undefined, 'cognito:groups': ['moderators'] }),
      NOTHING,
    ],
    [
      'puts groups into roles',
      (issuer) => tokenOf(issuer, { groups: undefined, roles: ['moderators'] }),
      NOTHING,
    ],
    [
      'brings claims of a streaming token',
      (issuer) => tokenOf(issuer, { roles: 'red5-publisher', 'red5-room': '*', scope: 'publish' }),
      VIEWING,
    ],
  ]),
];

/** Attacks by a token that is signed well, on what it says. */
export const attacksOnTheClaims: readonly Attack[] = [...subjects, ...times, ...audiences, ...groups];
