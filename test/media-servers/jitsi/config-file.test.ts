import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LuaFactory } from 'wasmoon';
import { prosodyLua } from '../../../lib/media-servers/jitsi/config-file.ts';
import { newSecret } from '../arbitraries.ts';

const { problems, readSecret, readSettings, replaceSecret } = prosodyLua;

const typical = `
plugin_paths = { "/usr/share/jitsi-meet/prosody-plugins/" }
-- app_secret = "in a comment"
VirtualHost "meet.example.com"
    authentication = "token";
    app_id = "streampass";             -- application identifier
    app_secret = "an-old-secret";      -- app_secret
    asap_accepted_audiences = { "jitsi" }
    modules_enabled = { "bosh"; "websocket"; "app_secret" }

Component "conference.meet.example.com" "muc"
    modules_enabled = { "token_verification"; "token_affiliation" }
`;

const lua = await new LuaFactory().createEngine();

/** What Lua itself makes of `app_secret` after running the file; `undefined` where it is not Lua. */
function runInLua(text: string): unknown {
  const chunk = text.replace(/^\uFEFF/, '');
  lua.global.set('source', chunk);
  return lua.doStringSync(`
    local environment = { VirtualHost = function() end, Component = function() return function() end end }
    local chunk = load(source, "config", "t", environment)
    if not chunk or not pcall(chunk) then return nil end
    return environment.app_secret
  `) as unknown;
}

describe('readSecret', () => {
  test.each([
    ['double quotes', 'app_secret = "abc"', 'abc'],
    ['single quotes', "app_secret='abc'", 'abc'],
    ['long brackets', 'app_secret = [[abc]]', 'abc'],
    ['long brackets with a level and a line end', 'app_secret = [==[\r\nab]]c]==]', 'ab]]c'],
    ['a semicolon behind it', 'app_secret = "abc";', 'abc'],
    ['another option on its line', 'app_id = "x" app_secret = "abc" b = 1', 'abc'],
    ['a line end within the assignment', 'app_secret\r\n  =\r\n  "abc"\r\n', 'abc'],
    ['comments within the assignment', 'app_secret --[[ x ]] = -- y\n "abc"', 'abc'],
    ['escapes', String.raw`app_secret = "\97\x62\u{63}\z   d\'"`, "abcd'"],
    ['quotes within comments', '-- it\'s "odd\n--[==[ app_secret = "no" ]] ]==]\napp_secret = "abc"', 'abc'],
    [
      'its name in other texts',
      'a = "app_secret = \'no\'" b = [[app_secret = "no"]]\napp_secret = "abc"',
      'abc',
    ],
    ['names that contain it', 'my_app_secret = "no"\napp_secret_old = "no"\napp_secret = "abc"', 'abc'],
    ['a virtual host', 'VirtualHost "a"\napp_secret = "abc"\nComponent "c.a" "muc"\nx = 1', 'abc'],
    ['a block beside it', 'if x then y = "z" end\napp_secret = "abc"', 'abc'],
    ['an empty one', 'app_secret = ""', ''],
    ['letters beyond ASCII', 'app_secret = "café"', 'café'],
    ['a typical file', typical, 'an-old-secret'],
  ])('reads %s', (_title, text, secret) => {
    expect(readSecret(text)).toEqual({ ok: true, secret });
    expect(runInLua(text)).toBe(secret);
  });

  test.each([
    ['no such option', 'app_id = "x"', 'app_secret is missing'],
    ['only a comment', '-- app_secret = "abc"\n--[[\napp_secret = "abc"\n]]', 'app_secret is missing'],
    [
      'two hosts with one each',
      'VirtualHost "a"\napp_secret = "x"\nVirtualHost "b"\napp_secret = "y"',
      'app_secret is set more than once (lines 2, 4): leave one',
    ],
    [
      "a global and a host's",
      'app_secret = "x"\nVirtualHost "b"\napp_secret = "y"',
      'app_secret is set more than once (lines 1, 3): leave one',
    ],
    [
      "a component's",
      'Component "c" "muc"\napp_secret = "x"',
      'line 2: app_secret belongs to the Component "c", not to a VirtualHost',
    ],
    ['a variable', 'app_secret = secret', 'line 1: app_secret is not a plain string'],
    ['a call', 'app_secret = os.getenv("SECRET")', 'line 1: app_secret is not a plain string'],
    ['two texts joined', 'app_secret = "a" .. "b"', 'line 1: app_secret is not a plain string'],
    ['a choice', 'app_secret = "a" or "b"', 'line 1: app_secret is not a plain string'],
    ['a list', 'app_secret = { "a", "b" }', 'line 1: app_secret is not a plain string'],
    ['a number', 'app_secret = 5', 'line 1: app_secret is not a plain string'],
    [
      'bytes that are not ASCII',
      String.raw`app_secret = "\xC3\xA9"`,
      'line 1: app_secret is not a plain string',
    ],
    [
      'a condition',
      'if x then\napp_secret = "a" end',
      'line 2: app_secret is used in a way whose value only Prosody can tell',
    ],
    [
      'a table',
      'VirtualHost "a" { app_secret = "a" }',
      'line 1: app_secret is used in a way whose value only Prosody can tell',
    ],
    [
      'a local',
      'local app_secret = "a"',
      'line 1: app_secret is used in a way whose value only Prosody can tell',
    ],
    [
      'a second target',
      'app_id, app_secret = "a", "b"',
      'line 1: app_secret is used in a way whose value only Prosody can tell',
    ],
    [
      'a field',
      'x.app_secret = "a"',
      'line 1: app_secret is used in a way whose value only Prosody can tell',
    ],
    [
      'a text without an end',
      'a = 1\napp_secret = "abc\n',
      'line 2: a text that begins here has no end, or an escape unknown to Lua',
    ],
    [
      'an unknown escape',
      String.raw`app_secret = "\q"`,
      'line 1: a text that begins here has no end, or an escape unknown to Lua',
    ],
    [
      'a comment without an end',
      'app_secret = "abc" --[[',
      'line 1: a long bracket that begins here has no end',
    ],
    [
      'a file that ends before it',
      'do return end\napp_secret = "a"',
      'line 1: with "return" only Prosody can tell which options are set',
    ],
    [
      'a file that sets options without their names',
      'app_secret = "a"\n_ENV["app_" .. "secret"] = "b"',
      'line 2: with "_ENV" only Prosody can tell which options are set',
    ],
    ['a block without an end', 'if x then\n', 'a block or a bracket is not closed'],
    ['an end without a block', 'end\napp_secret = "abc"', 'line 1: "end" closes nothing'],
    ['what is not Lua', 'app_secret = "abc" $', 'line 1: a character that Lua does not know'],
  ])('refuses %s', (_title, text, problem) => {
    expect(readSecret(text)).toEqual({ ok: false, problem });
  });
});

describe('replaceSecret', () => {
  test('changes only the value of a typical file', () => {
    expect(replaceSecret(typical, 'NEW')).toMatchObject({
      ok: true,
      text: typical.replace('an-old-secret', 'NEW'),
    });
  });

  test.each([
    ['single quotes', "app_secret  ='old' ;", "app_secret  ='NEW' ;"],
    ['long brackets', 'app_secret = [==[\nold]==]', 'app_secret = [==[\nNEW]==]'],
    ['escapes', String.raw`app_secret = "\x6fld"`, 'app_secret = "NEW"'],
    ['an empty one', 'app_secret = ""', 'app_secret = "NEW"'],
    ['CRLF', 'a = 1\r\napp_secret = "old"\r\n', 'a = 1\r\napp_secret = "NEW"\r\n'],
    ['a byte order mark', '\uFEFFapp_secret = "old"', '\uFEFFapp_secret = "NEW"'],
  ])('keeps %s', (_title, text, replaced) => {
    expect(replaceSecret(text, 'NEW')).toMatchObject({ ok: true, text: replaced });
  });

  test.each([
    ['an empty secret', typical, ''],
    ['a secret that ends the text', typical, 'a"; os.exit() --'],
    ['a secret with a backslash', typical, 'a\\'],
    ['a variable', 'app_secret = secret', 'NEW'],
    ['a public key', 'app_secret = [[\n-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----\n]]', 'NEW'],
  ])('refuses %s', (_title, text, secret) => {
    expect(replaceSecret(text, secret)).toMatchObject({ ok: false });
  });

  test('leaves every other character of any file in its place, and Lua reads the new secret', () => {
    const statement = fc.constantFrom(
      '-- app_secret = "no"',
      '--[[ app_secret = ]]',
      '--[==[ ]] "\n ]==]',
      'a = "app_secret = \\"no\\""',
      "b = 'it\\'s' ;",
      'c = [[ app_secret = "no" ]]',
      'd = { "x"; "y", 5, e = -1.5e3 }',
      'VirtualHost "a"',
      'function f() return "end" end',
      'if x then y = 1 elseif z then y = 2 end',
      'for i = 1, 2 do w = i end repeat v = 1 until true',
      'app_secrets = "é\u{1F3A5}"',
    );
    const quotes = fc.constantFrom(['"', '"'], ["'", "'"], ['[[', ']]'], ['[=[\n', ']=]']);
    const lines = fc.array(statement, { maxLength: 8 });
    fc.assert(
      fc.property(
        lines,
        lines,
        quotes,
        fc.constantFrom('\n', '\r\n', '  \n'),
        newSecret,
        newSecret,
        (above, below, [open, close], end, old, next) => {
          const before = [...above, `app_secret = ${open}`].join(end);
          const after = [close, ...below].join(end);
          expect(readSecret(before + old + after)).toEqual({ ok: true, secret: old });
          expect(replaceSecret(before + old + after, next)).toMatchObject({
            ok: true,
            text: before + next + after,
          });
          expect(runInLua(before + next + after)).toBe(next);
        },
      ),
    );
  });

  const words = String.raw`app_secret = " ' [[ ]] [=[ ]=] -- --[[ \ \x41 x ; .. { } end if , \z \065 \u{41} é 1 (`;
  const pieces = fc
    .array(fc.constantFrom(...words.split(' '), ' ', '\n', '\r\n', '\\\n'), { maxLength: 14 })
    .map((parts) => parts.join(''));

  test('whatever the file, never throws, and what it wrote is read back', () => {
    fc.assert(
      fc.property(pieces, newSecret, (text, secret) => {
        const replaced = replaceSecret(text, secret);
        const readBack = replaced.ok ? readSecret(replaced.text) : { ok: true, secret };
        expect(readBack).toEqual({ ok: true, secret });
        expect(readSettings(text)).toHaveProperty('ok');
      }),
      { numRuns: 1000 },
    );
  });

  test('reads what Lua reads, whatever stands in the text and around it', () => {
    const around = fc.constantFrom(
      '',
      ' ',
      '\n',
      ';',
      '--[[ " ]]',
      '-- "\n',
      ' x = 1 ',
      '\nx = "app_secret"\n',
    );
    const quotes = fc.constantFrom(['"', '"'], ["'", "'"], ['[[', ']]'], ['[=[', ']=]']);
    let compared = 0;
    fc.assert(
      fc.property(around, quotes, pieces, around, (before, [open, close], content, after) => {
        const text = `${before}\napp_secret = ${open}${content}${close}${after}`;
        const read = readSecret(text);
        const inLua = runInLua(text);
        // What is not Lua at all has no meaning to compare with.
        const comparable = read.ok && typeof inLua === 'string';
        if (comparable) compared++;
        expect(comparable ? read.secret : inLua).toBe(inLua);
      }),
      { numRuns: 1000 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});

describe('problems', () => {
  const expected = {
    issuer: 'streampass',
    audience: 'jitsi',
    domain: 'meet.example.com',
    longestTokenSeconds: 3600,
    clockSkewSeconds: 60,
  };

  test('finds none in a typical file', () => {
    expect(problems(typical, expected)).toEqual([]);
  });

  test.each([
    ['another app id', 'app_id = "other"', 'app_id accepts the issuer "other": our tokens have "streampass"'],
    [
      'other issuers',
      'app_id = "streampass" asap_accepted_issuers = { "a", "b" }',
      'asap_accepted_issuers accepts the issuer "a", "b": our tokens have "streampass"',
    ],
    [
      'other audiences',
      'asap_accepted_audiences = { "x" }',
      'asap_accepted_audiences is "x": our tokens have "jitsi"',
    ],
    [
      'another algorithm',
      'signature_algorithm = "RS256"',
      'signature_algorithm is "RS256": our tokens have HS256',
    ],
    [
      'authentication off',
      'authentication = "internal_hashed"',
      'authentication is "internal_hashed": only "token" looks at tokens',
    ],
    [
      'people without a token',
      'allow_empty_token = true',
      'allow_empty_token is true: users are let in without a token',
    ],
    [
      'tokens without a room',
      'asap_require_room_claim = false',
      'asap_require_room_claim is false: a token without a room is let into any',
    ],
    [
      'a key server',
      'asap_key_server = "https://keys.example.com"',
      'a key server is set: Prosody then ignores app_secret',
    ],
    [
      'another domain',
      'VirtualHost "other.example.com"',
      'the VirtualHost is "other.example.com": our tokens have the domain "meet.example.com"',
    ],
    [
      'an unreadable file',
      'app_id = "',
      'line 1: a text that begins here has no end, or an escape unknown to Lua',
    ],
  ])('names %s', (_title, text, line) => {
    expect(problems(text, expected)).toEqual([line]);
  });

  test.each([
    ['any issuer', 'app_id = "other" asap_accepted_issuers = { "*" }'],
    ['our issuer among others', 'app_id = "other" asap_accepted_issuers = { "a", "streampass" }'],
    [
      'another domain that is not compared',
      'VirtualHost "other.example.com" enable_domain_verification = false',
    ],
    ['parentheses around the host', 'VirtualHost("meet.example.com")\napp_id = "streampass"'],
    ['a host whose name only Prosody can tell', 'VirtualHost(name)\napp_id = "streampass"'],
    ['the domain in other case', 'VirtualHost "Meet.Example.COM"'],
    [
      'a global option that the host replaces',
      'app_id = "other"\nVirtualHost "meet.example.com"\napp_id = "streampass"',
    ],
    [
      'an option of another host',
      'VirtualHost "meet.example.com"\napp_secret = "x"\nVirtualHost "guest"\nauthentication = "anonymous"',
    ],
  ])('accepts %s', (_title, text) => {
    expect(problems(text, expected)).toEqual([]);
  });
});
