import { createHash } from 'node:crypto';
import type { LuaEngine } from 'wasmoon';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deniedHashes, nameOfHashes } from '../../lib/admission/denied-hashes.ts';
import { rowIdOf } from '../../lib/admission/deny-rows.ts';
import type { Denied } from '../../lib/admission/deny-rows.ts';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import { inForce, toDeniedFile } from '../../lib/fleet/denials.ts';
import type { SubjectForm, Target } from '../../lib/media-servers/target.ts';
import { KEYS, NOW, TARGETS } from '../token-verification/scene.ts';
import { startLua } from './lua-module.ts';

/**
 * The module under a real Lua. Of Prosody there is what the module asks for, behaving as its sources say: a session that is
 * closed with a reason ends at once, one without a connection is not closed at all, one that can be resumed is kept.
 */

const FILE = '/denied';
const ISSUER = 'https://id.example';

const PROSODY = `
  local function from_hex(hex) return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)) end
  package.preload["util.encodings"] = function ()
    return { base64 = { decode = function (text) return from_hex(base64_to_hex(text)) end } }
  end
  package.preload["util.hashes"] = function () return { sha256 = function (text) return from_hex(sha256_hex(text)) end } end

  local function destroy(session)
    if session.resumption_token then session.hibernating = true return end
    session.destroyed = true
    prosody.full_sessions[session.full_jid] = nil
  end
  package.preload["core.sessionmanager"] = function () return { destroy_session = destroy } end

  prosody = { full_sessions = {} }
  local handlers
  function start()
    handlers, timer = {}, nil
    package.loaded["core.sessionmanager"] = nil
  end
  local function hook(event, handler, priority)
    handlers[event] = handlers[event] or {}
    table.insert(handlers[event], { handler, priority or 0 })
    table.sort(handlers[event], function (a, b) return a[2] > b[2] end)
  end
  function module:get_option_string(name, default) return name == "streampass_denied" and "${FILE}" or default end
  function module:hook(event, handler, priority) hook(event, handler, priority) end
  function module:hook_global(event, handler, priority) hook(event, handler, priority) end
  function module:add_timer(delay, callback) timer = callback end
  function fire(event, payload)
    for _, one in ipairs(handlers[event] or {}) do
      local result = one[1](payload)
      if result ~= nil then return result end
    end
  end

  function new_session(jid, host, token)
    local session = { full_jid = jid, host = host, auth_token = token, conn = {} }
    function session:close(reason)
      if self.stuck then self.stuck = nil error("stuck") end
      if self.conn and reason then self.resumption_token = nil destroy(self) end
    end
    return session
  end
  function connect(jid, host, token) prosody.full_sessions[jid] = new_session(jid, host, token) end
  function hibernate(jid)
    local session = prosody.full_sessions[jid]
    session.conn, session.resumption_token = nil, "resume"
    destroy(session)
  end
  function stick(jid) prosody.full_sessions[jid].stuck = true end
  function is_there(jid) return prosody.full_sessions[jid] ~= nil end
  function clear() prosody.full_sessions = {} end
  function second() return timer() end
  function login(token)
    local result = fire("pre-jitsi-authentication-fetch-key", new_session("new", "meet.example", token))
    return result and result.res == false and result.error or "verified"
  end
  function bind(token)
    local session = new_session("new", "meet.example", token)
    return fire("pre-resource-bind", { session = session }) ~= false and not session.destroyed
  end
  function resume(jid, token)
    local from = new_session("new", "meet.example", token)
    local session = prosody.full_sessions[jid]
    session.conn, session.hibernating = from.conn, nil
    fire("c2s-session-updated", { session = session, from_session = from })
  end
  function write_file(text) local file = assert(io.open("${FILE}", "w")); file:write(text); file:close() end
  function read_done()
    local file = io.open("${FILE}.done", "r")
    if not file then return "" end
    local text = file:read("*a"); file:close()
    return text
  end
  -- In this file system, a file that was renamed over another one has to be removed twice.
  function remove_files() for _, name in ipairs({ "${FILE}", "${FILE}.done" }) do while os.remove(name) do end end end
`;

let lua: LuaEngine;
let source: string;
let log: string[];

beforeAll(async () => {
  ({ lua, source, log } = await startLua('mod_streampass_kick', PROSODY, {
    base64_to_hex: (text: string) => Buffer.from(text, 'base64').toString('hex'),
    sha256_hex: (text: string) => createHash('sha256').update(text).digest('hex'),
  }));
});
afterAll(() => lua.global.close());
beforeEach(async () => {
  call('remove_files');
  call('clear');
  call('write_file', '');
  await load();
  log.length = 0;
});

/** Prosody starts, or loads the module again. */
async function load(): Promise<void> {
  call('start');
  await lua.doString(source);
}

function call(name: string, ...args: readonly unknown[]): unknown {
  return (lua.global.get(name) as (...values: unknown[]) => unknown)(...args);
}

interface Bearer {
  readonly subject?: string;
  readonly sid?: string;
  readonly jti?: string;
  readonly session?: string;
}

/** A token as `/token` issues it, made of a stream key. */
async function tokenOf(
  form: SubjectForm,
  { subject = 'person-1', sid = 'sid-1', jti = 'jti-1', session = 'session-1' }: Bearer = {},
): Promise<string> {
  const target: Target = { ...TARGETS.jitsi, subject: form };
  const grant = { actions: ['join'], rooms: ['lobby'], transports: [], ttlSeconds: 600 };
  const identity = {
    issuer: ISSUER,
    subject,
    groups: [],
    claims: { sid, jti: `id-${sid}` },
    expiresAt: NOW + 60,
    streamKey: `key-${subject}`,
  };
  const ring = { current: KEYS.jitsi[0], readAt: NOW };
  const issuance = { now: NOW, jti, session, transportsNamed: false };
  return (await issueToken(target, 'jitsi', grant, identity, ring, issuance)).token;
}

/** What the agent writes. */
function deny(form: SubjectForm, ...denied: readonly Denied[]): string {
  const rows = denied.map((one) => ({ id: rowIdOf(one), kind: one.kind }));
  const hashes = deniedHashes(rows, form, 'jitsi', [ISSUER, 'https://other.example']);
  const text = toDeniedFile(nameOfHashes(hashes), hashes);
  call('write_file', text);
  return text;
}

const ANNA: Denied = { kind: 'sub', value: 'person-1' };
const BERTA: Bearer = { subject: 'person-2', sid: 'sid-2', jti: 'jti-2', session: 'session-2' };
const HOST = 'meet.example';
const PAIRWISE: SubjectForm = { pairwiseSalt: 'p'.repeat(32) };

const FORMS = [
  ['public', 'public'],
  ['pairwise', PAIRWISE],
] as const satisfies readonly (readonly [string, SubjectForm])[];

describe.each(FORMS)('a session with a %s subject', (_form, form) => {
  test.each<[string, Denied]>([
    ['the user of any issuer', ANNA],
    ['the user of this issuer', { ...ANNA, issuer: ISSUER }],
    ['the sign-in', { kind: 'sign-in', value: 'sid-1' }],
    ['another id of the sign-in', { kind: 'sign-in', value: 'id-sid-1' }],
    ['the call', { kind: 'session', value: 'session-1' }],
    ['the token', { kind: 'token', value: 'jti-1' }],
    ['the stream key', { kind: 'stream-key', value: 'key-person-1' }],
  ])('ends within a second if %s is denied, and nobody else’s', async (_what, denied) => {
    call('connect', 'anna', HOST, await tokenOf(form));
    call('connect', 'berta', HOST, await tokenOf(form, BERTA));
    expect([call('login', await tokenOf(form)), call('bind', await tokenOf(form))]).toEqual([
      'verified',
      true,
    ]);
    deny(form, denied);
    call('second');
    expect([call('is_there', 'anna'), call('is_there', 'berta')]).toEqual([false, true]);
    expect([call('login', await tokenOf(form)), call('bind', await tokenOf(form))]).toEqual([
      'not-allowed',
      false,
    ]);
    expect([call('login', await tokenOf(form, BERTA)), call('bind', await tokenOf(form, BERTA))]).toEqual([
      'verified',
      true,
    ]);
  });

  test.each<[string, Denied]>([
    ['the same subject of another issuer', { ...ANNA, issuer: 'https://other.example' }],
    ['the subject in another case', { kind: 'sub', value: 'Person-1' }],
    ['a sign-in that is called like the subject', { kind: 'sign-in', value: 'person-1' }],
    ['a token that is called like the sign-in', { kind: 'token', value: 'sid-1' }],
  ])('goes on if %s is denied', async (_what, denied) => {
    call('connect', 'anna', HOST, await tokenOf(form));
    deny(form, denied);
    call('second');
    expect([call('is_there', 'anna'), call('login', await tokenOf(form))]).toEqual([true, 'verified']);
  });
});

test('tells two pairwise targets nothing in common, nor in which order rows were written', () => {
  const rows = [ANNA, { kind: 'sign-in', value: 'sid-1' } as const].map((one) => ({
    id: rowIdOf(one),
    kind: one.kind,
  }));
  const hashes = deniedHashes(rows, PAIRWISE, 'jitsi', [ISSUER]);
  expect(hashes).toEqual(deniedHashes(rows.toReversed(), PAIRWISE, 'jitsi', [ISSUER]));
  for (const other of [
    deniedHashes(rows, PAIRWISE, 'meet', [ISSUER]),
    deniedHashes(rows, 'public', 'jitsi', []),
  ])
    expect(other.filter((hash) => hashes.includes(hash))).toEqual([]);
});

test('says what it did: the list that is in force, and how many sessions that ended', async () => {
  for (const jid of ['a', 'b']) call('connect', jid, HOST, await tokenOf('public'));
  const text = deny('public', ANNA);
  call('second');
  const [, name] = /(\w+)\n/.exec(text) ?? [];
  expect(inForce(text, String(call('read_done')))).toEqual({ holds: name, ended: 2 });
  const next = deny('public', ANNA, { kind: 'sub', value: 'person-9' });
  expect(inForce(next, String(call('read_done')))).toBeUndefined();
  call('second');
  expect(inForce(next, String(call('read_done')))).toMatchObject({ ended: 0 });
  expect(log).toEqual(['info: 2 sessions of denied users end']);
});

test('lets somebody in again who is allowed again', async () => {
  deny('public', ANNA);
  call('second');
  deny('public');
  call('second');
  expect([call('login', await tokenOf('public')), call('bind', await tokenOf('public'))]).toEqual([
    'verified',
    true,
  ]);
});

test('knows the list from the beginning when Prosody starts', async () => {
  deny('public', ANNA);
  await load();
  expect(call('login', await tokenOf('public'))).toBe('not-allowed');
});

test('ends a session that waits for its client to come back, so that nobody resumes it', async () => {
  call('connect', 'anna', HOST, await tokenOf('public'));
  call('hibernate', 'anna');
  deny('public', ANNA);
  call('second');
  expect(call('is_there', 'anna')).toBe(false);
});

test('ends a session that a denied user resumes with a token of theirs', async () => {
  call('connect', 'friend', HOST, await tokenOf('public', BERTA));
  call('hibernate', 'friend');
  deny('public', ANNA);
  call('second');
  expect(call('is_there', 'friend')).toBe(true);
  call('resume', 'friend', await tokenOf('public'));
  expect(call('is_there', 'friend')).toBe(false);
});

test('a session that cannot be ended stops no other, and is tried again until it ends', async () => {
  for (const jid of ['a', 'b', 'c']) call('connect', jid, HOST, await tokenOf('public'));
  call('stick', 'b');
  deny('public', ANNA);
  call('second');
  expect(['a', 'b', 'c'].map((jid) => call('is_there', jid))).toEqual([false, true, false]);
  expect(call('read_done')).toBe('');
  call('second');
  expect(call('is_there', 'b')).toBe(false);
  expect(call('read_done')).toMatch(/^\w{32} 3\n$/);
});

test.each([
  ['is empty', ''],
  ['is cut off', 'streampass-den'],
  ['is something else', '{"denied": []}'],
])('goes on with the last list if the file %s, and says so once', async (_what, text) => {
  deny('public', ANNA);
  call('second');
  call('write_file', text);
  expect([call('second'), call('second')]).toEqual([1, 1]);
  expect(call('login', await tokenOf('public'))).toBe('not-allowed');
  expect(log.filter((line) => line.startsWith('error'))).toHaveLength(1);
});

test('goes on with the last list if the file is gone', async () => {
  deny('public', ANNA);
  call('second');
  call('remove_files');
  expect(call('second')).toBe(1);
  expect(call('login', await tokenOf('public'))).toBe('not-allowed');
});

const withClaims = (claims: unknown) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

test.each([
  ['no token', undefined],
  ['an empty one', ''],
  ['nothing like one', 'nothing'],
  ['a payload that is not JSON', 'e30.bm90aGluZw.c2ln'],
  ['claims that are a list', withClaims(['for'])],
  ['no for, as another issuer’s', withClaims({ jti: 'x' })],
  ['a for that is a number', withClaims({ for: 7, jti: 8 })],
  ['a for that is not base64', withClaims({ for: '%%%', jti: {} })],
])('leaves a session alone that has %s', (_what, token) => {
  call('connect', 'guest', HOST, token);
  deny('public', ANNA);
  expect(call('second')).toBe(1);
  expect([call('is_there', 'guest'), call('login', token)]).toEqual([true, 'verified']);
});

test('leaves other hosts alone, and logs no token', async () => {
  call('connect', 'jicofo', 'auth.meet.example', await tokenOf('public'));
  call('connect', 'anna', HOST, await tokenOf('public'));
  deny('public', ANNA);
  call('second');
  expect([call('is_there', 'jicofo'), call('is_there', 'anna')]).toEqual([true, false]);
  expect(log.join('\n')).not.toContain('e30');
  expect(log.join('\n')).not.toContain('person-1');
});
