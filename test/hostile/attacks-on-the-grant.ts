import { VIEWING, byParameters, request, tokenOf } from './attack.ts';
import type { Attack, Parameters } from './attack.ts';

const ROOM = '400 invalid_request room_malformed';
const ROOM_DENIED = '400 invalid_scope room_not_allowed';
const ROOMS = '400 invalid_request too_many_rooms';
const ACTION = '400 invalid_scope action_unknown';
const ACTION_DENIED = '400 invalid_scope action_not_allowed';
const TRANSPORT = '400 invalid_request transport_unknown';
const TRANSPORT_DENIED = '400 invalid_scope transport_not_allowed';
const TARGET = '400 invalid_target target_unknown';

const many = (count: number): string => Array.from({ length: count }, (_, n) => `public-${n}`).join(' ');

const malformedRooms = byParameters(
  [
    ['a wildcard', '*'],
    ['a prefix', 'public-*'],
    ['a list by comma', 'public-a,vip'],
    ['a list by semicolon', 'public-a;vip'],
    ['a list by bar', 'public-a|vip'],
    ['a path', 'public-a/../vip'],
    ['a parent folder', '../vip'],
    ['a backslash', 'public-a\\vip'],
    ['a leading dot', '.public-a'],
    ['a leading dash', '-public-a'],
    ['a leading underscore', '_public-a'],
    ['the prototype', '__proto__'],
    ['two blanks', 'public-a  public-b'],
    ['a blank in front', ' public-a'],
    ['a blank at the end', 'public-a '],
    ['a tab', 'public-a\tvip'],
    ['a line break', 'public-a\nvip'],
    ['a header', 'public-a\r\nx-admin: 1'],
    ['a NUL', 'public-a\u0000'],
    ['a text turned around', 'public-a\u202epiv'],
    ['a zero width character', 'public-a\u200b'],
    ['full width letters', 'ｐｕｂｌｉｃ-a'],
    ['an umlaut', 'public-ä'],
    ['an encoded slash', 'public-a%2Fvip'],
    ['a plus', 'public-a+vip'],
    ['a query', 'public-a?token=x'],
    ['a fragment', 'public-a#vip'],
    ['an ampersand', 'public-a&room=vip'],
    ['a template', '${tenant}'],
    ['a pattern of Lua', 'public-a%.*'],
    ['a class of characters', '[a-z]'],
    ['markup', '<script>alert(1)</script>'],
    ['a quote', "public-a' OR '1'='1"],
    ['an e-mail address', 'public-a@conference.example.com'],
    ['a JSON list', '["public-a"]'],
    ['129 characters', 'p'.repeat(129)],
  ].map(([what = '', room = '']) => [`names ${what} as a room`, { room }, ROOM]),
);

const rooms = byParameters([
  ['names somebody else’s room', { room: 'vip', scope: 'subscribe' }, ROOM_DENIED],
  ['names a room in other case on Red5', { room: 'PUBLIC-a', scope: 'subscribe' }, ROOM_DENIED],
  ['names the prefix without its dash', { room: 'public', scope: 'subscribe' }, ROOM_DENIED],
  ['names a room that has the prefix inside', { room: 'xpublic-a', scope: 'subscribe' }, ROOM_DENIED],
  ['names a method as a room', { room: 'hasOwnProperty', scope: 'subscribe' }, ROOM_DENIED],
  ['names undefined as a room', { room: 'undefined', scope: 'subscribe' }, ROOM_DENIED],
  ['names null as a room', { room: 'null', scope: 'subscribe' }, ROOM_DENIED],
  ['hides a room among allowed ones', { room: 'public-a vip public-b', scope: 'subscribe' }, ROOM_DENIED],
  ['leaves the room out, to mean any', { room: undefined, scope: 'subscribe' }, ROOM_DENIED],
  ['names 17 rooms', { room: many(17) }, ROOMS],
  ['names 3,000 rooms', { room: many(3000) }, ROOMS],
  ['names one room 3,000 times', { room: 'public-a '.repeat(3000).trim() }, VIEWING],
  [
    'names a room of 128 characters',
    { room: `public-${'a'.repeat(121)}` },
    `200 subscribe in public-${'a'.repeat(121)} over WHEP for 900 s`,
  ],
  [
    'names dots, which no path can be made of',
    { room: 'public-..' },
    '200 subscribe in public-.. over WHEP for 900 s',
  ],
]);

const actions = byParameters([
  ['asks to publish as a viewer', { scope: 'publish' }, ACTION_DENIED],
  ['asks to publish beside watching', { scope: 'subscribe publish' }, ACTION_DENIED],
  ['asks for every action by a star', { scope: '*' }, ACTION],
  ['asks for an action in upper case', { scope: 'SUBSCRIBE' }, ACTION],
  ['asks for actions by comma', { scope: 'subscribe,publish' }, ACTION],
  ['asks for actions by tab', { scope: 'subscribe\tpublish' }, ACTION],
  ['asks for actions by two blanks', { scope: 'subscribe  publish' }, ACTION],
  ['asks for an action with a blank', { scope: 'subscribe ' }, ACTION],
  ['asks for a blank', { scope: ' ' }, ACTION],
  ['asks for another target’s action', { scope: 'moderate' }, ACTION],
  ['asks for a server’s role', { scope: 'red5-publisher' }, ACTION],
  ['asks for OpenID scopes', { scope: 'openid profile' }, ACTION],
  ['asks for the prototype', { scope: '__proto__' }, ACTION],
  ['asks for a method', { scope: 'constructor' }, ACTION],
  ['asks for admin', { scope: 'subscribe admin' }, ACTION],
  ['asks for 5,000 actions', { scope: Array.from({ length: 5000 }, (_, n) => `a${n}`).join(' ') }, ACTION],
  ['asks for one action twice, which counts once', { scope: 'subscribe subscribe' }, VIEWING],
]);

const transports = byParameters([
  ['asks for SRT, which no claim can restrict', { transport: 'SRT' }, TRANSPORT],
  ['asks for MPEG-TS', { transport: 'MPEGTS' }, TRANSPORT],
  ['asks for every transport by a star', { transport: '*' }, TRANSPORT],
  ['asks for transports by comma', { transport: 'WHEP,RTMP' }, TRANSPORT],
  ['asks for transports by two blanks', { transport: 'WHEP  RTMP' }, TRANSPORT],
  ['asks for a transport with a blank', { transport: 'WHEP ' }, TRANSPORT],
  ['asks for a transport in full width letters', { transport: 'ＷＨＥＰ' }, TRANSPORT],
  ['asks for a transport with a long s, whose upper case is S', { transport: 'rtſp' }, TRANSPORT],
  ['asks for a transport with a dotless i, whose upper case is I', { transport: 'whıp' }, TRANSPORT],
  ['asks for a method as transport', { transport: 'toString' }, TRANSPORT],
  ['asks for a transport that no rule allows', { transport: 'RTMP', scope: 'subscribe' }, TRANSPORT_DENIED],
  ['hides a transport among allowed ones', { transport: 'WHEP RTSP', scope: 'subscribe' }, TRANSPORT_DENIED],
  ['asks for the publisher’s transport as a viewer', { transport: 'WHIP' }, TRANSPORT_DENIED],
  ['asks for a transport in any case, as it may', { transport: 'whep WHEP wHeP' }, VIEWING],
]);

const targets = byParameters(
  [
    ['in other case', 'Red5'],
    ['with a blank', 'red5 '],
    ['with a NUL', 'red5\u0000'],
    ['that begins like one', 'red5x'],
    ['by its secret’s name', 'streampass/red5'],
    ['by a path', '../red5'],
    ['by an address', 'https://red5.example.com'],
    ['by a star', '*'],
    ['by comma beside another', 'red5,jitsi'],
    ['as the prototype', '__proto__'],
    ['as a constructor', 'constructor'],
    ['as a method', 'hasOwnProperty'],
    ['of 10,000 characters', 'r'.repeat(10_000)],
  ].map(([how = '', audience = '']) => [`names a target ${how}`, { audience }, TARGET]),
);

const otherTargets = byParameters([
  [
    'asks Jitsi for two rooms',
    { audience: 'jitsi', room: 'public-a public-b' },
    '400 invalid_request one_room_only',
  ],
  ['asks Jitsi to moderate alone', { audience: 'jitsi', scope: 'moderate' }, '400 invalid_scope join_needed'],
  ['asks Jitsi to moderate as a viewer', { audience: 'jitsi', scope: 'join moderate' }, ACTION_DENIED],
  ['asks Jitsi for any room as a viewer', { audience: 'jitsi', room: undefined, scope: 'join' }, ROOM_DENIED],
  ['asks Jitsi for a room of other people', { audience: 'jitsi', room: 'vip', scope: 'join' }, ROOM_DENIED],
  [
    'asks Jitsi for a public room in upper case, which it folds',
    { audience: 'jitsi', room: 'PUBLIC-A' },
    '200 join in public-a for 3600 s',
  ],
  [
    'asks Jitsi for one room in two cases, which it folds',
    { audience: 'jitsi', room: 'Public-A public-a' },
    '200 join in public-a for 3600 s',
  ],
  [
    'asks Jitsi over a transport, which it ignores',
    { audience: 'jitsi', transport: '*,SRT\u0000' },
    '200 join in public-a for 3600 s',
  ],
  ['asks rtcstats to publish', { audience: 'rtcstats', scope: 'publish' }, ACTION],
  ['asks rtcstats for two rooms', { audience: 'rtcstats', room: 'a b' }, '400 invalid_request one_room_only'],
  ...['../x', 'a b', '*', 'ä', 'a\n', '-a', 's'.repeat(129)].map(
    (session): readonly [string, Parameters, string] => [
      `asks rtcstats for the session ${JSON.stringify(session.slice(0, 9))}`,
      { audience: 'rtcstats', session },
      '400 invalid_request session_malformed',
    ],
  ),
  ['sends Red5 a session, which it ignores', { session: '../../x' }, VIEWING],
]);

/** One request for several targets is refused whole. */
const severalTargets = byParameters([
  ['names a target beside one that is not there', { audience: 'red5 nothing' }, TARGET],
  ['names targets between two blanks', { audience: 'red5  jitsi' }, TARGET],
  ['names targets between a tab', { audience: 'red5\tjitsi' }, TARGET],
  ['names the prototype beside a target', { audience: 'red5 __proto__' }, TARGET],
  [
    'names one target 2,000 times, which counts once',
    { audience: Array.from({ length: 2000 }, () => 'red5') },
    VIEWING,
  ],
  [
    'asks two targets for a room that is open on neither',
    { audience: ['red5', 'jitsi'], room: 'vip', scope: 'subscribe join' },
    ROOM_DENIED,
  ],
  [
    'asks two targets for an action that one of them refuses',
    { audience: ['jitsi', 'red5'], scope: 'join publish' },
    ACTION_DENIED,
  ],
  ['asks two targets for an action of neither', { audience: ['red5', 'jitsi'], scope: 'report' }, ACTION],
  [
    'asks two targets for two rooms, where one takes one',
    { audience: ['red5', 'jitsi'], room: 'public-a public-b' },
    '400 invalid_request one_room_only',
  ],
]);

/** If no action is named, only the place can be wrong. */
const unnamed = byParameters([
  ['names somebody else’s room and no action', { room: 'vip' }, ROOM_DENIED],
  ['leaves everything open', { room: undefined }, ROOM_DENIED],
]);

/** What several groups allow does not add up. */
const sums: readonly Attack[] = (
  [
    [
      'adds the broadcasters’ room to watching',
      { scope: 'subscribe', room: 'vip' },
      '400 invalid_scope combination_not_allowed',
    ],
    [
      'adds the viewers’ transport to publishing',
      { scope: 'publish', transport: 'WHEP' },
      '400 invalid_scope combination_not_allowed',
    ],
    [
      'adds both actions over one transport',
      { scope: 'publish subscribe', transport: 'WHIP' },
      '400 invalid_scope combination_not_allowed',
    ],
    ['leaves open which action is meant', {}, '400 invalid_scope scope_needed'],
  ] as const
).map(([attack, changes, outcome]) => ({
  attack: `${attack}, in two groups`,
  event: (issuer) =>
    request(issuer, { subject_token: tokenOf(issuer, { groups: ['broadcasters', 'viewers'] }), ...changes }),
  outcome,
}));

/** Attacks by somebody who is signed in, on what they may do. */
export const attacksOnTheGrant: readonly Attack[] = [
  ...malformedRooms,
  ...rooms,
  ...actions,
  ...transports,
  ...targets,
  ...otherTargets,
  ...severalTargets,
  ...unnamed,
  ...sums,
];
