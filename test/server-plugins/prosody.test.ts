import jwt from 'jsonwebtoken';
import type { LuaEngine } from 'wasmoon';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kidOf } from '../../lib/signing-keys/secret.ts';
import { keyRingFile } from '../../lib/fleet/secret-file.ts';
import { startLua } from './lua-module.ts';

/** The module under a real Lua. Of Prosody there is what the module asks for: options, a log, an event and three libraries. */

const V1 = { versionId: '11111111-0000-4000-8000-000000000001', text: `${'a'.repeat(42)}1` };
const V2 = { versionId: '22222222-0000-4000-8000-000000000002', text: `${'b'.repeat(42)}2` };
const APP_SECRET = 'app-secret-of-43-characters-aaaaaaaaaaaaaaa';
const FILE = '/keyring.json';

const PROSODY = `
  package.preload["util.encodings"] = function () return { base64 = { decode = decode_base64 } } end
  package.preload["util.random"] = function () return { bytes = random_bytes } end
  function module:get_option_string(name, default) return name == "streampass_keyring" and "${FILE}" or default end
  function module:hook_global(name, handler) event_name = name; event_handler = handler end
  function write_file(text)
    local file = assert(io.open("${FILE}", "w")); file:write(text); file:close()
  end
  function remove_file() os.remove("${FILE}") end
  function fetch_key(host, token)
    local session = { host = host, auth_token = token, public_key = "left from an earlier try" }
    event_handler(session)
    return session.public_key
  end
`;

let lua: LuaEngine;
let source: string;
let log: string[];

beforeAll(async () => {
  ({ lua, source, log } = await startLua('mod_streampass_keyring', PROSODY, {
    decode_base64: (text: string) => Buffer.from(text, 'base64').toString('latin1'),
    random_bytes: (count: number) => 'x'.repeat(count),
  }));
});
afterAll(() => lua.global.close());
beforeEach(async () => {
  hold(V1);
  await lua.doString(source);
  log.length = 0;
});

function call(name: string, ...args: readonly unknown[]): unknown {
  return (lua.global.get(name) as (...values: unknown[]) => unknown)(...args);
}

/** What the rotation's adapters write. */
function hold(...versions: (typeof V1)[]): void {
  const changed = keyRingFile.change(Buffer.from(''), versions);
  if (!changed.ok) throw new Error(changed.problem);
  call('write_file', Buffer.from(changed.bytes).toString('utf8'));
}

function sign(
  version: typeof V1,
  header: Record<string, unknown> = { kid: kidOf(version.versionId) },
): string {
  return jwt.sign({ room: 'lobby' }, version.text, { header: { alg: 'HS256', ...header } });
}

/** As mod_auth_token does: verified with the session's key where there is one, else with `app_secret`. */
function isAccepted(token: string): boolean {
  const key = call('fetch_key', 'meet.example', token);
  try {
    jwt.verify(token, typeof key === 'string' ? key : APP_SECRET, { algorithms: ['HS256'] });
    return true;
  } catch {
    return false;
  }
}

describe('Prosody with the key ring', () => {
  test('is asked by the event that Jitsi’s token module fires', () => {
    expect(lua.global.get('event_name')).toBe('pre-jitsi-authentication-fetch-key');
  });

  test('accepts each version of the ring, and follows the file without a reload', () => {
    expect([isAccepted(sign(V1)), isAccepted(sign(V2))]).toEqual([true, false]);
    hold(V1, V2);
    expect([isAccepted(sign(V1)), isAccepted(sign(V2))]).toEqual([true, true]);
    hold(V2);
    expect([isAccepted(sign(V1)), isAccepted(sign(V2))]).toEqual([false, true]);
  });

  test.each([
    ['one version’s name with another’s secret', sign(V2, { kid: kidOf(V1.versionId) })],
    ['no name, even under app_secret', sign({ ...V1, text: APP_SECRET }, {})],
    ['an unknown name, even under app_secret', sign({ ...V1, text: APP_SECRET }, { kid: '99999999' })],
    ['a name that is not a string', sign(V1, { kid: 11111111 })],
    ['no header', 'nothing'],
    ['a header that is not JSON', 'bm90aGluZw.e30.c2ln'],
    ['a header that is a list', `${Buffer.from('["kid"]').toString('base64url')}.e30.c2ln`],
  ])('refuses a token with %s', (_name, token) => {
    expect(isAccepted(token)).toBe(false);
  });

  test.each([
    ['is cut off', '{"11111111": "aaa'],
    ['is a number', '7'],
    ['holds no secret', '{}'],
    ['is a list', '["a"]'],
    ['holds an empty secret', '{"11111111": ""}'],
    ['holds a number', '{"11111111": 1}'],
  ])(
    'goes on with the last ring in order where the file %s, and logs it once without a secret',
    (_name, text) => {
      call('write_file', text);
      expect([isAccepted(sign(V1)), isAccepted(sign(V1)), isAccepted(sign(V2))]).toEqual([true, true, false]);
      expect(log).toHaveLength(1);
      expect(log[0]).toMatch(
        /^error: \/keyring\.json is not used as it is: (it is not a JSON object|it holds no secret|an entry is not a secret)/,
      );
    },
  );

  test('goes on with the last ring where the file is gone', () => {
    call('remove_file');
    expect([isAccepted(sign(V1)), isAccepted(sign(V2))]).toEqual([true, false]);
  });

  test('lets nobody in where the file was never in order', async () => {
    call('remove_file');
    await lua.doString(source);
    expect(isAccepted(sign(V1))).toBe(false);
  });

  test('leaves other hosts and sessions without a token alone', () => {
    expect(call('fetch_key', 'other.example', sign(V1))).toBe('left from an earlier try');
    expect(call('fetch_key', 'meet.example')).toBe('left from an earlier try');
  });
});
