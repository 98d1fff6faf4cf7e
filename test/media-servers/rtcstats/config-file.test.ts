import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { rtcstatsYaml } from '../../../lib/media-servers/rtcstats/config-file.ts';
import { newSecret } from '../arbitraries.ts';

const { problems, readSecret, readSettings, replaceSecret } = rtcstatsYaml;

describe('readSecret', () => {
  test.each([
    ['plain', 'authorization:\n  jwtSecret: abc\n', 'abc'],
    ['single quotes', "authorization:\n  jwtSecret: 'a''b'\n", "a'b"],
    ['double quotes and escapes', 'authorization: { "jwtSecret": "\\x61bc" }', 'abc'],
    ['a comment behind it', 'authorization:\n  jwtSecret: abc # jwtSecret: no\n', 'abc'],
    ['a key without a value', 'authorization:\n  jwtSecret:\n', ''],
    ['null', 'authorization:\n  jwtSecret: null\n', ''],
    ['digits that are marked as a text', 'authorization:\n  jwtSecret: !!str 123\n', '123'],
    ['an empty text', "authorization:\n  jwtSecret: ''\n", ''],
    ['JSON', '{"authorization":{"jwtSecret":"abc"}}', 'abc'],
    ['CRLF and a byte order mark', '\uFEFFauthorization:\r\n  jwtSecret: abc\r\n', 'abc'],
    [
      'the same key elsewhere',
      'jwtSecret: no\nother:\n  jwtSecret: no\nauthorization:\n  jwtSecret: abc\n',
      'abc',
    ],
  ])('reads %s', (_title, text, secret) => {
    expect(readSecret(text)).toEqual({ ok: true, secret });
  });

  test.each([
    ['an empty file', '', 'authorization.jwtSecret is missing'],
    ['no such key', 'authorization:\n  other: 1\n', 'authorization.jwtSecret is missing'],
    ['the key at the top only', 'jwtSecret: abc\n', 'authorization.jwtSecret is missing'],
    [
      'the key twice',
      'authorization:\n  jwtSecret: a\n  jwtSecret: b\n',
      'line 3: the YAML cannot be read (DUPLICATE_KEY)',
    ],
    [
      'a number',
      'authorization:\n  jwtSecret: 123\n',
      "authorization.jwtSecret is not a string; an empty one is written ''",
    ],
    [
      'a block of lines',
      'authorization:\n  jwtSecret: |\n    abc\n',
      'authorization.jwtSecret is a block of lines: write it on one line',
    ],
    [
      'a value that others repeat',
      'authorization:\n  jwtSecret: &s abc\nb: *s\n',
      'authorization.jwtSecret has the anchor &s or is below it: other values follow it',
    ],
    [
      'nothing with a tag',
      'authorization:\n  jwtSecret: !!null\n',
      'authorization.jwtSecret has a tag: remove it',
    ],
    [
      'a tag that the server may replace it by',
      'authorization:\n  jwtSecret: !env JWT_SECRET\n',
      'authorization.jwtSecret has a tag: remove it',
    ],
    [
      'a list',
      'authorization:\n  jwtSecret: [a, b]\n',
      "authorization.jwtSecret is not a string; an empty one is written ''",
    ],
    [
      'an alias',
      'x: &s abc\nauthorization:\n  jwtSecret: *s\n',
      'authorization.jwtSecret is the alias *s: write the secret itself',
    ],
    [
      'two documents',
      'authorization:\n  jwtSecret: a\n---\nb: 1\n',
      'the file holds more than one YAML document',
    ],
    [
      'what is not YAML',
      'authorization:\n  jwtSecret: "abc\n',
      'line 3: the YAML cannot be read (MISSING_CHAR)',
    ],
  ])('refuses %s', (_title, text, problem) => {
    expect(readSecret(text)).toEqual({ ok: false, problem });
  });

  test.each(['[', '{a: ', '- ', '? ', '{? [', 'a: [', '&x [', '!!str ', '# '])(
    'refuses %j repeated 5,000 times',
    (opening) => {
      expect(readSecret(opening.repeat(5_000))).toMatchObject({ ok: false });
    },
  );
});

describe('replaceSecret', () => {
  test.each([
    [
      'plain',
      'authorization:\n  jwtSecret: old   # ours\nb: 1',
      'authorization:\n  jwtSecret: NEW   # ours\nb: 1',
    ],
    ['single quotes', "authorization:\n  jwtSecret:   'old'\n", "authorization:\n  jwtSecret:   'NEW'\n"],
    [
      'double quotes',
      'authorization: {jwtSecret: "\\x6fld" , b: 1}',
      'authorization: {jwtSecret: "NEW" , b: 1}',
    ],
    ['an empty text', 'authorization:\n  jwtSecret: ""\n', 'authorization:\n  jwtSecret: "NEW"\n'],
    ['a key without a value', 'authorization:\n  jwtSecret:\nb: 1', 'authorization:\n  jwtSecret: NEW\nb: 1'],
    [
      'a comment after the key',
      'authorization:\n  jwtSecret: # x\n',
      'authorization:\n  jwtSecret:  NEW # x\n',
    ],
    ['null', 'authorization:\n  jwtSecret: ~\nb: 1', 'authorization:\n  jwtSecret: NEW\nb: 1'],
    [
      'a flow key without a value',
      'authorization: {"jwtSecret":,b: 1}',
      'authorization: {"jwtSecret": NEW,b: 1}',
    ],
    [
      'a tag before it',
      'authorization:\n  jwtSecret: !!str old\n',
      'authorization:\n  jwtSecret: !!str NEW\n',
    ],
    [
      'two lines',
      'authorization:\n  jwtSecret: old\n    and older\nb: 1',
      'authorization:\n  jwtSecret: NEW\nb: 1',
    ],
    [
      'CRLF',
      '# a\r\nauthorization:\r\n  jwtSecret: old\r\n',
      '# a\r\nauthorization:\r\n  jwtSecret: NEW\r\n',
    ],
    [
      'a byte order mark',
      '\uFEFFauthorization:\n  jwtSecret: old\n',
      '\uFEFFauthorization:\n  jwtSecret: NEW\n',
    ],
  ])('changes only the value: %s', (_title, text, replaced) => {
    expect(replaceSecret(text, 'NEW')).toMatchObject({ ok: true, text: replaced });
  });

  test.each(['123', '1e5', '0x1F', 'true', 'null', '1_000', '-'])(
    'quotes the plain value %s, which would be no text',
    (secret) => {
      expect(replaceSecret('authorization:\n  jwtSecret: old\n', secret)).toMatchObject({
        ok: true,
        text: `authorization:\n  jwtSecret: '${secret}'\n`,
      });
    },
  );

  test.each([
    ['an empty secret', 'authorization:\n  jwtSecret: old\n', ''],
    ['a secret with a line end', 'authorization:\n  jwtSecret: old\n', 'a\nb'],
    ['a value that others repeat', 'authorization:\n  jwtSecret: &s old\nb: *s\n', 'NEW'],
    ['a block text', 'authorization:\n  jwtSecret: |-\n    old\n', 'NEW'],
    ['a number', 'authorization:\n  jwtSecret: 123\n', 'NEW'],
  ])('refuses %s', (_title, text, secret) => {
    expect(replaceSecret(text, secret)).toMatchObject({ ok: false });
  });

  test('leaves every other character of any file in its place', () => {
    const line = fc.constantFrom(
      '# jwtSecret: no',
      '',
      'server:\r\n  httpPort: 3000',
      'a: "b"   ',
      "c: 'é\u{1F3A5}'",
      'd: [1,  2]',
    );
    const unique = fc.uniqueArray(line);
    const quotes = fc.constantFrom("'", '"');
    fc.assert(
      fc.property(
        unique,
        quotes,
        fc.constantFrom('\n', '\r\n'),
        newSecret,
        newSecret,
        (lines, quote, end, old, next) => {
          const before = [...lines, '', 'authorization:', '  other: 1', `  jwtSecret:  ${quote}`].join(end);
          const after = [`${quote}  # the secret`, '  more: x', 'z: 1'].join(end);
          const text = before + old + after;
          expect(readSecret(text)).toEqual({ ok: true, secret: old });
          expect(replaceSecret(text, next)).toMatchObject({ ok: true, text: before + next + after });
        },
      ),
    );
  });

  test('a secret of any look is a text to a reader of YAML 1.1 and of 1.2', () => {
    fc.assert(
      fc.property(newSecret, (secret) => {
        const replaced = replaceSecret('authorization: {jwtSecret: old}', secret);
        expect(replaced.ok).toBe(true);
        const text = replaced.ok ? replaced.text : '';
        for (const version of ['1.1', '1.2'] as const) {
          expect(parse(text, { version })).toEqual({ authorization: { jwtSecret: secret } });
        }
      }),
    );
  });

  test('whatever the file, never throws, and what it wrote is read back', () => {
    const piece = fc.constantFrom(
      'authorization',
      'jwtSecret',
      ':',
      ' ',
      '\n',
      '  ',
      '"',
      "'",
      '|',
      '&a',
      '*a',
      '!!str',
      '{',
      '}',
      '[',
      '- ',
      '#',
      '---\n',
      '\t',
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
  const expected = { longestTokenSeconds: 86_400, clockSkewSeconds: 60 };
  const off = 'authorization.jwtSecret is empty or missing: rtcstats-server lets everyone in without a token';

  test.each([
    ['a secret', 'authorization:\n  jwtSecret: abc\n', []],
    ['an empty secret', "authorization:\n  jwtSecret: ''\n", [off]],
    ['a key without a value', 'authorization:\n  jwtSecret:\n', [off]],
    ['no authorization', 'server: {}\n', [off]],
    [
      'a list',
      'authorization: {jwtSecret: [a, b]}',
      ['authorization.jwtSecret is not a string: rtcstats-server refuses every token'],
    ],
    ['an unreadable file', 'a: "', ['line 1: the YAML cannot be read (MISSING_CHAR)']],
  ])('checks %s', (_title, text, lines) => {
    expect(problems(text, expected)).toEqual(lines);
  });
});
