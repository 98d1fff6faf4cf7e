import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { red5Properties } from '../../../lib/media-servers/red5/config-file.ts';
import { newSecret } from '../arbitraries.ts';

const { problems, readSecret, readSettings, replaceSecret } = red5Properties;

const typical = [
  '# Red5 Pro',
  'webapp.contextPath=/live',
  'auth.active=true',
  'auth.rtc=true',
  'jwt.secret=an-old-secret',
  'jwt.ttl.minutes=60',
  'jwt.issuer=streampass',
  '',
].join('\n');

describe('readSecret', () => {
  test.each([
    ['a plain line', 'jwt.secret=abc', 'abc'],
    ['blanks around the separator', 'jwt.secret  =  abc', 'abc'],
    ['a colon', 'jwt.secret: abc', 'abc'],
    ['a blank as the separator', 'jwt.secret abc', 'abc'],
    ['blanks before the key', ' \t jwt.secret=abc', 'abc'],
    ['blanks at the end, which Java keeps', 'jwt.secret=abc  \nx=1', 'abc  '],
    ['CRLF', 'a=1\r\njwt.secret=abc\r\nb=2\r\n', 'abc'],
    ['CR alone', 'a=1\rjwt.secret=abc\rb=2', 'abc'],
    ['a continued value', 'jwt.secret=ab\\\n   cd\nx=1', 'abcd'],
    ['a continued key', 'jwt.\\\n  secret=abc', 'abc'],
    ['escapes', 'jwt.secret=a\\u0062\\c\\=\\t', 'abc=\t'],
    ['an escaped key', 'jwt\\u002esecret=abc', 'abc'],
    ['a commented one beside it', '#jwt.secret=no\n! jwt.secret=no\njwt.secret=abc', 'abc'],
    ['a comment that ends in a backslash', '# a \\\njwt.secret=abc', 'abc'],
    [
      'keys that only resemble it',
      'my.jwt.secret=no\njwt.secret.old=no\nJWT.SECRET=no\njwt.secret=abc',
      'abc',
    ],
    ['a value that names it', 'note=jwt.secret=no\njwt.secret=abc', 'abc'],
    ['an equals sign in the value', 'jwt.secret=abc==', 'abc=='],
    ['an empty value', 'jwt.secret=\nx=1', ''],
    ['a backslash at the end of the file', 'jwt.secret=abc\\', 'abc'],
    ['a line separator of Unicode, which ends no line', 'jwt.secret=a\u2028b', 'a\u2028b'],
  ])('reads %s as Java does', (_title, text, secret) => {
    expect(readSecret(text)).toEqual({ ok: true, secret });
  });

  test.each([
    ['no such key', 'a=1\n', 'jwt.secret is missing'],
    ['only a continued line that resembles it', 'a=1\\\njwt.secret=abc', 'jwt.secret is missing'],
    [
      'the key twice',
      'jwt.secret=a\nb=1\njwt.secret=c',
      'jwt.secret is listed more than once (lines 1, 3): leave one',
    ],
    [
      'a placeholder',
      'jwt.secret=${JWT_SECRET}',
      'line 1: jwt.secret is a placeholder, not the secret itself',
    ],
    [
      'an expression',
      'jwt.secret=#{systemProperties.x}',
      'line 1: jwt.secret is a placeholder, not the secret itself',
    ],
    ['a broken escape', 'a=1\nb=\\u12\njwt.secret=x', 'line 2: \\u without four hexadecimal digits'],
    ['a byte order mark before the key', '\uFEFFjwt.secret=abc', 'jwt.secret is missing'],
  ])('refuses %s', (_title, text, problem) => {
    expect(readSecret(text)).toEqual({ ok: false, problem });
  });
});

describe('replaceSecret', () => {
  test.each([
    ['a plain line', 'a=1\njwt.secret=old\nb=2', 'a=1\njwt.secret=NEW\nb=2'],
    ['a line without an end', 'jwt.secret=old', 'jwt.secret=NEW'],
    ['CRLF and odd blanks', '\tjwt.secret :  old\r\nb = 2\r\n', '\tjwt.secret :  NEW\r\nb = 2\r\n'],
    ['an empty value', 'jwt.secret=\nb=2', 'jwt.secret=NEW\nb=2'],
    ['a continued value, whole', 'jwt.secret=ol\\\n  d\nb=2', 'jwt.secret=NEW\nb=2'],
    ['a key without a separator', 'jwt.secret\nb=2', 'jwt.secret=NEW\nb=2'],
    ['a value that begins on the next line', 'jwt.secret=\\\n  old\nb=2', 'jwt.secret=\\\n  NEW\nb=2'],
    ['an escaped value', 'jwt.secret=\\u006fld\nb=2', 'jwt.secret=NEW\nb=2'],
    ['other keys twice', 'a=1\na=2\njwt.secret=old', 'a=1\na=2\njwt.secret=NEW'],
    ['a byte order mark before a comment', '\uFEFF#x\njwt.secret=old', '\uFEFF#x\njwt.secret=NEW'],
    ['the same words elsewhere', '# old\nx=old\njwt.secret=old', '# old\nx=old\njwt.secret=NEW'],
  ])('changes only the value: %s', (_title, text, replaced) => {
    expect(replaceSecret(text, 'NEW')).toMatchObject({ ok: true, text: replaced });
  });

  test.each([
    ['an empty secret', typical, ''],
    ['a secret with a line end', typical, 'abc\njwt.issuer=x'],
    ['a secret with a backslash', typical, 'abc\\'],
    ['a placeholder as the secret', typical, '${x}'],
    ['a secret that the separator would swallow', 'jwt.secret \nb=2', '=NEW'],
    ['the key twice', 'jwt.secret=a\njwt.secret=b', 'NEW'],
  ])('refuses %s', (_title, text, secret) => {
    expect(replaceSecret(text, secret)).toMatchObject({ ok: false });
  });

  test('leaves every other character of any file in its place', () => {
    const line = fc.oneof(
      fc.constantFrom(
        '# jwt.secret=no',
        '! x',
        '',
        '  ',
        'auth.active=true',
        'x=a\\',
        'jwt.secret.old=x',
        'café=\u{1F3A5}',
      ),
      fc.string().map((text) => `k=${text.replace(/[\r\n\\]/g, '')}`),
    );
    const lineEnd = fc.constantFrom('\n', '\r\n');
    const separator = fc.constantFrom('=', ' = ', ':', ' ', '\t:\t');
    fc.assert(
      fc.property(
        fc.array(line),
        fc.array(line),
        lineEnd,
        separator,
        newSecret,
        newSecret,
        (above, below, end, by, old, next) => {
          // A continued line above would swallow ours, so a comment stands between them.
          const before = [...above, '', '# the secret', ''].join(end);
          const after = ['', ...below].join(end);
          const text = `${before}jwt.secret${by}${old}${after}`;
          fc.pre(!old.startsWith('=') && !next.startsWith('='));
          expect(readSecret(text)).toEqual({ ok: true, secret: old });
          expect(replaceSecret(text, next)).toMatchObject({
            ok: true,
            text: `${before}jwt.secret${by}${next}${after}`,
          });
        },
      ),
    );
  });

  test('whatever the file, never throws, and what it wrote is read back', () => {
    const piece = fc.constantFrom(
      'jwt.secret',
      '=',
      ':',
      ' ',
      '\\',
      '\n',
      '\r',
      '\t',
      '#',
      '!',
      '\\u',
      '0041',
      'abc',
      '\uFEFF',
    );
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        newSecret,
        (text, secret) => {
          const replaced = replaceSecret(text, secret);
          const readBack = replaced.ok ? readSecret(replaced.text) : { ok: true, secret };
          expect(readBack).toEqual({ ok: true, secret });
          expect(readSettings(text)).toHaveProperty('ok');
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('problems', () => {
  const expected = { issuer: 'streampass', longestTokenSeconds: 59 * 60, clockSkewSeconds: 60 };

  test('finds none in a typical file whose limit is just enough', () => {
    expect(problems(typical, expected)).toEqual([]);
  });

  test.each([
    ['the limit one minute short', 'jwt.ttl.minutes=59', /^jwt\.ttl\.minutes is 59: it must be at least 60/],
    [
      'a limit that is not a number',
      'jwt.ttl.minutes=an hour',
      /^jwt\.ttl\.minutes is not a whole number; .* 60$/,
    ],
    [
      'another issuer',
      'jwt.issuer=Streampass',
      /^jwt\.issuer is "Streampass": our tokens have "streampass"$/,
    ],
    ['authentication off', 'auth.active=false', /^auth\.active is not true/],
    [
      'WebRTC without authentication',
      'auth.rtc = off',
      /^auth\.rtc is not true: .* over rtc without a token$/,
    ],
    ['RTMP without authentication', 'auth.rtmp=false', /^auth\.rtmp is not true/],
    ['an unreadable file', 'x=\\u', /^line 1: /],
  ])('names %s', (_title, text, line) => {
    expect(problems(text, expected)).toEqual([expect.stringMatching(line)]);
  });

  test('takes an empty issuer for any issuer', () => {
    expect(problems('jwt.issuer=\n', expected)).toEqual([]);
  });

  test('does not check a setting that is a placeholder', () => {
    expect(problems('jwt.issuer=${ISSUER}\nauth.active=${AUTH}', expected)).toEqual([]);
  });

  test('takes the last of two values, as Java does', () => {
    expect(problems('jwt.ttl.minutes=10\njwt.ttl.minutes=60', expected)).toEqual([]);
  });
});
