import fc from 'fast-check';
import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ConfigFileKind } from '../../lib/media-servers/config-files.ts';
import { configFile } from '../../lib/fleet/secret-file.ts';
import { loadJavaProperties } from './readers/java-properties.ts';
import { runProsodyConfig } from './readers/prosody-config.ts';

/**
 * Files as people have them, changed at random, are edited and then read by readers that share nothing with the editor.
 * Nothing but the one value may differ. A file that is refused is not wrong; one that is edited must be right.
 */
const NEW = 'n'.repeat(43);
const VERSIONS = [{ versionId: '11111111-0000-4000-8000-000000000001', text: NEW }];

interface Subject {
  readonly files: readonly string[];
  /** Pieces that have a meaning in the format. */
  readonly pieces: readonly string[];
  /** All that the server reads, the secret apart; `undefined` if it cannot read the file. */
  readonly read: (bytes: Uint8Array) => { secrets: readonly unknown[]; rest: unknown } | undefined;
}

/** Ant Media Server's file is read and edited by what reads and edits Red5's. */
const subjects: Record<Exclude<ConfigFileKind, 'antmedia'>, Subject> = {
  red5: {
    files: [
      '# Red5 Pro\nwebapp.contextPath=/live\nauth.active=true\njwt.secret=an-old-secret\njwt.ttl.minutes=60\njwt.issuer=streampass\n',
      '! old\r\nauth.rtc = true\r\njwt.secret : an-old\\\r\n   -secret\r\nnote=caf\\u00e9 \\\r\n  more\r\n',
      'a=1\rjwt.secret=${JWT_SECRET}\rjwt.ttl.minutes=60\r',
      'jwt.secret = x\nname=Zo\u00eb\njwt.secre\\u0074=late\n',
      'path=C:\\\\red5\\\\\njwt.secret\tan-old-secret\nb=2',
    ],
    pieces: [
      'jwt.secret',
      '=',
      ':',
      ' ',
      '\\',
      '\n',
      '\r',
      '\r\n',
      '\t',
      '#',
      '!',
      '\\u0074',
      '\\u00',
      '${x}',
      '\f',
      'é',
      'jwt.secret=late\n',
    ],
    read(bytes) {
      try {
        const values = new Map(loadJavaProperties(bytes));
        const secret = values.get('jwt.secret');
        values.delete('jwt.secret');
        return { secrets: secret === undefined ? [] : [secret], rest: [...values] };
      } catch {
        return undefined;
      }
    },
  },
  jitsi: {
    files: [
      'plugin_paths = { "/usr/share/jitsi-meet/prosody-plugins/" }\n-- app_secret = "no"\nVirtualHost "meet.example.com"\n    authentication = "token";\n    app_id = "streampass"\n    app_secret = "an-old-secret"\n    modules_enabled = { "bosh"; "app_secret" }\nComponent "conference.meet.example.com" "muc"\n    modules_enabled = { "token_verification" }\n',
      'VirtualHost("h")\napp_id = "x" app_secret = [[old]] b = [==[ ]] ]==]\n',
      'VirtualHost "h"\nif os.getenv("WITH_JWT") then\n  app_secret = "o"\nend\napp_id = "x"',
      'local function f() return "x" end\nVirtualHost "h"\nx = f()\napp_secret = "old" .. ""\n',
      'for i = 1, 2 do y = i end\nVirtualHost "h" app_secret = \'o\\\n\\z  ld\' ; --[[ x ]] z = 1\n',
      'VirtualHost "h"\napp_secret = "o"\ndo return end\n',
    ],
    pieces: [
      'app_secret',
      ' = ',
      '"',
      "'",
      '[[',
      ']]',
      '--',
      '--[[',
      '\n',
      ' ',
      ';',
      '..',
      ' end ',
      ' if x then ',
      ' do ',
      ' return ',
      'local ',
      ',',
      '\\',
      '{',
      '}',
      '(',
      ')',
      'VirtualHost "b"\n',
      'Component "c" "muc"\n',
      '_ENV["app_secret"] = "z"\n',
      'app_secret = "late"\n',
      ' or ',
      'repeat ',
      ' until true ',
      'function f() ',
      '::l:: ',
      'goto l ',
    ],
    read(bytes) {
      const set = runProsodyConfig(Buffer.from(bytes).toString('utf8'));
      if (set === undefined) return undefined;
      const isSecret = ([, name]: readonly [string, string, unknown]) => name === 'app_secret';
      return {
        secrets: set.filter(isSecret).map(([, , value]) => value),
        rest: set.map((option) => (isSecret(option) ? option.slice(0, 2) : option)),
      };
    },
  },
  rtcstats: {
    files: [
      'server:\n  httpPort: 3000\nauthorization:\n  # ours\n  jwtSecret: an-old-secret   # x\ns3:\n  region: eu-west-1\n',
      'authorization:\n  jwtSecret:\nserver: {deleteAtStart: false}\n',
      'authorization: { "jwtSecret": "old", other: [1, 2] }\n',
      'authorization:\n  note: "first\n  jwtSecret: no\n  "\n  jwtSecret: \'old\'\n',
      'authorization:\r\n  jwtSecret: null\r\n  text: |\r\n    jwtSecret: no\r\nb: *a\r\n',
      'a: &a\n  jwtSecret: x\nauthorization:\n  <<: *a\n  jwtSecret: ~\n',
      '---\nauthorization:\n  jwtSecret: old\n...\n',
    ],
    pieces: [
      'jwtSecret',
      ': ',
      ':',
      '\n',
      '  ',
      ' ',
      '"',
      "'",
      '|',
      '>',
      '&a ',
      '*a',
      '!!str ',
      '{',
      '}',
      '[',
      ']',
      '- ',
      '#',
      ' # ',
      '---\n',
      '...\n',
      ',',
      '? ',
      '<<: ',
      'null',
      '\t',
      'authorization:\n',
      '%YAML 1.1\n',
    ],
    read(bytes) {
      try {
        const text = Buffer.from(bytes).toString('utf8');
        const document = load(text) as { authorization?: { jwtSecret?: unknown } } | null | undefined;
        const { jwtSecret, ...others } = document?.authorization ?? {};
        return {
          secrets: [
            jwtSecret,
            (parse(text, { logLevel: 'error' }) as typeof document)?.authorization?.jwtSecret,
          ],
          rest: { ...document, authorization: others },
        };
      } catch {
        return undefined;
      }
    },
  },
};

/** A file with up to four changes: a piece put in, a part taken out, doubled or moved. */
function mutant({ files, pieces }: Subject): fc.Arbitrary<string> {
  const change = fc.record({
    kind: fc.constantFrom('insert', 'insert', 'remove', 'double', 'move'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    to: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 1, max: 24 }),
    piece: fc.constantFrom(...pieces),
  });
  return fc
    .tuple(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([file, changes]) =>
      changes.reduce((text, { kind, at, to, length, piece }) => {
        const from = Math.floor(at * text.length);
        const part = text.slice(from, from + length);
        if (kind === 'insert') return text.slice(0, from) + piece + text.slice(from);
        if (kind === 'double') return text.slice(0, from) + part + text.slice(from);
        const without = text.slice(0, from) + text.slice(from + length);
        const target = Math.floor(to * without.length);
        return kind === 'remove' ? without : without.slice(0, target) + part + without.slice(target);
      }, file),
    );
}

test.each(['red5', 'jitsi', 'rtcstats'] as const)(
  'of 7,000 changed files of %s, none that is edited is edited wrongly',
  (kind) => {
    const subject = subjects[kind];
    const encoding = kind === 'red5' ? 'latin1' : 'utf8';
    let edited = 0;
    fc.assert(
      fc.property(mutant(subject), (text) => {
        const bytes = Buffer.from(text, encoding);
        const before = subject.read(bytes);
        const changed = configFile(kind).change(bytes, VERSIONS);
        // What the server itself cannot read has no meaning to compare with.
        if (!changed.ok || before === undefined) return;
        edited++;
        const after = subject.read(changed.bytes);
        expect(after?.rest).toEqual(before.rest);
        expect(new Set(after?.secrets)).toEqual(new Set([NEW]));
      }),
      { numRuns: 7000 },
    );
    expect(edited).toBeGreaterThan(500);
  },
  60_000,
);

test('reads the secret of 3,000 changed properties as Java does', () => {
  fc.assert(
    fc.property(mutant(subjects.red5), (text) => {
      const bytes = Buffer.from(text, 'latin1');
      const read = configFile('red5').read(bytes);
      if (read.ok) expect(subjects.red5.read(bytes)?.secrets).toEqual([read.secrets[0]?.text]);
    }),
    { numRuns: 3000 },
  );
});
