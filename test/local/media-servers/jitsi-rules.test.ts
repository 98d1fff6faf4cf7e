import { describe, expect, test } from 'vitest';
import { jitsiRules } from '../../../local/media-servers/rules/jitsi.ts';
import { now, secret, sign } from './token-text.ts';

const config = (options = '') => `VirtualHost "meet.example.com"
authentication = "token" app_id = "streampass" app_secret = "${secret}"
${options}
`;

function decide(token: string | undefined, attempt: { action?: string; room?: string } = {}, options = '') {
  const read = jitsiRules.readConfig(config(options));
  if (!read.ok) throw new Error(read.problem);
  return jitsiRules.decide(token, read.settings, { action: 'join', room: 'room1', ...attempt }, now);
}

const good = { iss: 'streampass', aud: 'jitsi', sub: 'meet.example.com', room: 'room1', exp: now + 60 };
const noDomain = 'enable_domain_verification = false';
const withUser = (user: unknown) => sign({ ...good, context: { user } });

describe('accepts', () => {
  const { exp: _exp, ...minimal } = good;
  test.each([
    ['a minimal token', sign(minimal), {}, ''],
    ['one second left', sign({ ...good, exp: now + 1 }), {}, ''],
    ['nbf now', sign({ ...good, nbf: now }), {}, ''],
    ['iat ahead', sign({ ...good, iat: now + 1000 }), {}, ''],
    ['any room', sign({ ...good, room: '*' }), { room: 'other' }, ''],
    ['the room in other case', sign({ ...good, room: 'ROOM1' }), { room: 'Room1' }, ''],
    ['any domain', sign({ ...good, sub: '*' }), {}, ''],
    ['the domain in other case', sign({ ...good, sub: 'Meet.Example.com' }), {}, ''],
    ['an array as aud where any is accepted', sign({ ...good, aud: ['x', 'y'] }), {}, ''],
    ['a listed aud', sign(good), {}, 'asap_accepted_audiences = { "x", "jitsi" }'],
    ['a listed issuer', sign({ ...good, iss: 'other' }), {}, 'asap_accepted_issuers = { "other" }'],
    ['any sub where the domain is not verified', sign({ ...good, sub: '' }), {}, noDomain],
    ['additional dots', `.${sign(good).replace('.', '..')}.`, {}, ''],
    [
      'a header with kid and crit',
      sign(good, { header: { alg: 'HS256', typ: 'JWT', kid: 'x', crit: ['y'] } }),
      {},
      '',
    ],
    [
      'no room where none is required',
      sign({ ...good, room: undefined }),
      { room: 'x' },
      'asap_require_room_claim = false',
    ],
    ['nobody in particular where empty tokens are allowed', undefined, {}, 'allow_empty_token = true'],
  ])('%s', (_title, token, attempt, options) => {
    expect(decide(token, attempt, options)).toMatchObject({
      accepted: true,
      granted: { role: 'participant' },
    });
  });

  test.each([
    ['moderator true', withUser({ id: 'anna', moderator: true })],
    ['moderator "true"', withUser({ id: 'anna', moderator: 'true' })],
    ['affiliation owner', withUser({ id: 'anna', affiliation: 'owner' })],
    ['affiliation teacher', withUser({ id: 'anna', affiliation: 'teacher' })],
  ])('a moderator by %s', (_title, token) => {
    expect(decide(token, { action: 'moderate' })).toEqual({
      accepted: true,
      granted: { user: 'anna', room: 'room1', affiliation: 'owner', role: 'moderator' },
    });
  });
});

describe('refuses at the login', () => {
  test.each([
    ['no token', undefined, 'token required'],
    ['what is not a token', 'abc', 'Invalid token'],
    ['an empty token', '', 'Invalid token'],
    ['a header that is not JSON', sign(good, { header: '{' }), 'Invalid header'],
    ['a body that is not JSON', sign('{'), 'Invalid body'],
    ['no typ', sign(good, { header: { alg: 'HS256' } }), 'Invalid typ'],
    ['typ jwt', sign(good, { header: { alg: 'HS256', typ: 'jwt' } }), 'Invalid typ'],
    ['typ at+jwt', sign(good, { header: { alg: 'HS256', typ: 'at+jwt' } }), 'Invalid typ'],
    [
      'HS384',
      sign(good, { header: { alg: 'HS384', typ: 'JWT' }, digest: 'sha384' }),
      'Invalid or incorrect alg',
    ],
    ['alg none', sign(good, { header: { alg: 'none', typ: 'JWT' } }), 'Invalid or incorrect alg'],
    ['another secret', sign(good, { key: 'x' }), 'Invalid signature'],
    ['padding at the signature', `${sign(good)}=`, 'Invalid signature'],
    ['exp as a text', sign({ ...good, exp: 'x' }), 'exp must be number'],
    ['exp null', sign({ ...good, exp: null }), 'exp must be number'],
    ['nbf as a text', sign({ ...good, nbf: 'x' }), 'nbf must be number'],
    ['exp now', sign({ ...good, exp: now }), 'Not acceptable by exp (0.0 sec since expired)'],
    [
      'exp passed, with iat',
      sign({ ...good, iat: now - 65, exp: now - 5 }),
      'Not acceptable by exp (5.0 sec since expired, valid for:60.0 sec)',
    ],
    ['nbf one second ahead', sign({ ...good, nbf: now + 1 }), 'Not acceptable by nbf'],
    ['no iss', sign({ ...good, iss: undefined }), "'iss' claim is missing"],
    ['another iss', sign({ ...good, iss: 'Streampass' }), "invalid 'iss' claim"],
    ['no aud', sign({ ...good, aud: undefined }), "'aud' claim is missing"],
    ['no room', sign({ ...good, room: undefined }), 'room claim is missing'],
    ['no sub', sign({ ...good, sub: undefined }), 'sub claim is missing'],
  ])('%s', (_title, token, reason) => {
    expect(decide(token)).toEqual({ accepted: false, at: 'login', reason });
  });

  test.each([
    ['another aud', 'other'],
    ['an array that holds a listed aud', ['jitsi']],
  ])('%s', (_title, aud) => {
    const decision = decide(sign({ ...good, aud }), {}, 'asap_accepted_audiences = { "jitsi" }');
    expect(decision).toEqual({ accepted: false, at: 'login', reason: "invalid 'aud' claim" });
  });
});

describe('refuses at the join', () => {
  test.each([
    ['another room', { ...good, room: 'other' }, 'Room and token mismatched', ''],
    ['an empty room', { ...good, room: '' }, 'Room and token mismatched', ''],
    ['a room prefix with a star', { ...good, room: 'room*' }, 'Room and token mismatched', ''],
    ["a person's id as sub", { ...good, sub: 'anna' }, 'Room and token mismatched', ''],
    ['room false', { ...good, room: false }, 'Room name cannot be matched to the one from token.', ''],
    [
      'another room, the domain not verified',
      { ...good, room: 'other' },
      'Room does not match the room from token',
      noDomain,
    ],
  ])('%s', (_title, claims, reason, options) => {
    expect(decide(sign(claims), {}, options)).toEqual({ accepted: false, at: 'action', reason });
  });

  test('a room whose letters beyond ASCII differ in case', () => {
    expect(decide(sign({ ...good, room: 'CAFÉ' }), { room: 'café' })).toMatchObject({
      accepted: false,
      at: 'action',
    });
  });

  test.each([
    ['without a context', sign(good)],
    ['with moderator false', withUser({ moderator: false })],
    ['with moderator at the top', sign({ ...good, moderator: true })],
    ['with an affiliation that it does not know', withUser({ affiliation: 'admin' })],
  ])('a moderation %s', (_title, token) => {
    const reason = 'affiliation member, role participant: not a moderator';
    expect(decide(token, { action: 'moderate' })).toEqual({ accepted: false, at: 'action', reason });
  });
});

describe('never answers', () => {
  test.each([
    ['context null', sign({ ...good, context: null }), 'login'],
    ['Bearer before the token', `Bearer ${sign(good)}`, 'login'],
    ['a blank in it', ` ${sign(good)}`, 'login'],
    ['a header that is null', sign(good, { header: 'null' }), 'login'],
    ['context.user null', withUser(null), 'action'],
    ['room null', sign({ ...good, room: null }), 'action'],
    ['room as an array', sign({ ...good, room: ['room1'] }), 'action'],
    ['sub null', sign({ ...good, sub: null }), 'action'],
  ])('%s', (_title, token, at) => {
    expect(decide(token)).toMatchObject({ accepted: false, at, neverAnswers: true });
  });
});

describe('readConfig', () => {
  test.each([
    [
      'another authentication',
      'authentication = "internal_hashed"',
      'authentication is internal_hashed: tokens are not looked at',
    ],
    ['no app id', 'app_id = ""', "'app_id' must not be empty"],
    [
      'a key server',
      'asap_key_server = "https://keys.example.com"',
      'with a key server app_secret is not used',
    ],
    ['a second secret', 'app_secret = "x"', 'app_secret is set more than once (lines 2, 3): leave one'],
  ])('refuses %s', (_title, options, problem) => {
    expect(jitsiRules.readConfig(config(options))).toEqual({ ok: false, problem });
  });
});
