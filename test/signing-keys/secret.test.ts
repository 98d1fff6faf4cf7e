import { createHash, createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyRingFile } from '../../lib/fleet/secret-file.ts';
import { configFileFormats } from '../../lib/media-servers/config-files.ts';
import { makeSecret, makeSecretForKms } from '../../lib/rotation/make-secret.ts';
import { observe } from '../../lib/rotation/observe.ts';
import { createKeyRing } from '../../lib/signing-keys/key-ring.ts';
import { createLiveKeys } from '../../lib/signing-keys/live-keys.ts';
import {
  checkSecret,
  fingerprintOf,
  hmacKeyBytes,
  kidOf,
  type SecretValue,
} from '../../lib/signing-keys/secret.ts';

const ALLOWED = Array.from('azAZ09+/=_-');
const algorithms = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const;
type Signing = (typeof algorithms)[number];

test('an HS256 secret is 32 random bytes in 43 characters that no file format has to escape', async () => {
  expect(await makeSecret('HS256', () => Buffer.alloc(32, 0xff))).toBe('_'.repeat(42) + '8');
  expect(await makeSecret('HS256', randomBytes)).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

test('an HS256 secret of which KMS holds the key is 64 random bytes in 86 characters, and its key has 32 bytes', async () => {
  const made = makeSecretForKms(randomBytes);
  expect(made).toMatch(/^[A-Za-z0-9_-]{86}$/);
  expect(hmacKeyBytes(made)).toHaveLength(32);
  expect(await checkSecret({ SecretString: made }, 'HS256')).toMatchObject({ usable: true, text: made });
});

test('HMAC computes the same with a secret and with its key, and the fingerprint shows no part of either', () => {
  const secret = fc.string({ unit: fc.constantFrom(...ALLOWED), minLength: 32, maxLength: 256 });
  fc.assert(
    fc.property(secret, fc.string(), (text, message) => {
      const macBy = (key: string | Buffer) => createHmac('sha256', key).update(message).digest('hex');
      expect(macBy(hmacKeyBytes(text))).toBe(macBy(text));
      const ofKey = createHash('sha256').update(hmacKeyBytes(text)).digest('hex');
      expect(fingerprintOf(text)).toBe(ofKey.slice(0, 16));
      expect(hmacKeyBytes(text).toString('hex')).not.toContain(fingerprintOf(text));
    }),
  );
});

describe.each(algorithms)('a secret for %s', (signing) => {
  test('that was made is usable', async () => {
    const made = await makeSecret(signing, randomBytes);
    expect(await checkSecret({ SecretString: made }, signing)).toMatchObject({ usable: true, text: made });
  });

  test.each([
    ['is absent', {}],
    ['is binary', { SecretBinary: Buffer.alloc(64) }],
    ['is short', { SecretString: 'short' }],
  ])('that %s is not, and its problem does not repeat it', async (_, value) => {
    const checked = await checkSecret(value, signing);
    expect(checked.usable).toBe(false);
    expect(JSON.stringify(checked)).not.toContain('"short"');
  });
});

test.each([
  ['31 characters', 'a'.repeat(31)],
  ['257 characters', 'a'.repeat(257)],
  ['the key/value form', JSON.stringify({ secret: 'a'.repeat(43) })],
  ['a line break at its end', `${'a'.repeat(43)}\n`],
  ['a space', `${'a'.repeat(43)} b`],
  ['characters with a meaning in files', 'pa$$ "word" & more, and yet more of it'],
  ['letters beyond ASCII', 'é'.repeat(43)],
])('a shared secret of %s is not one, and the message names what is allowed', async (_, text) => {
  const checked = await checkSecret({ SecretString: text }, 'HS256');
  expect(checked).toMatchObject({
    usable: false,
    problem: expect.stringContaining('A-Z a-z 0-9 + / = _ -') as string,
  });
});

test('the problem of the key/value form names Plaintext', async () => {
  const checked = await checkSecret({ SecretString: '{"secret":"x"}' }, 'HS256');
  expect(checked).toMatchObject({ problem: expect.stringContaining('choose Plaintext') as string });
});

test.each(['RS256', 'ES256', 'EdDSA'] as const)(
  'a private JWK for %s may be pretty-printed and end in a line break',
  async (signing) => {
    const text = `\n${JSON.stringify(JSON.parse(await makeSecret(signing, randomBytes)), null, 2)}\r\n`;
    expect((await checkSecret({ SecretString: text }, signing)).usable).toBe(true);
  },
);

test.each([
  ['RS256', 'ES256'],
  ['ES256', 'EdDSA'],
  ['EdDSA', 'RS256'],
] as const)('a key for %s is none for %s', async (made, signing) => {
  const checked = await checkSecret({ SecretString: await makeSecret(made, randomBytes) }, signing);
  expect(checked).toMatchObject({ usable: false });
});

/** Values near the border: allowed and forbidden characters, lengths around both limits, JWKs, and other JSON. */
const keys = new Map(
  await Promise.all(
    algorithms.map(async (signing) => [signing, await makeSecret(signing, randomBytes)] as const),
  ),
);
const nearSecret = fc.oneof(
  fc.string({
    unit: fc.constantFrom(...ALLOWED, '$', '"', ' ', '\n', 'é', '\\', '#', ':', '\u0000'),
    minLength: 28,
    maxLength: 48,
  }),
  fc.string({ unit: fc.constantFrom(...ALLOWED), minLength: 250, maxLength: 260 }),
  fc.json(),
  fc
    .tuple(
      fc.constantFrom(...algorithms),
      fc.constantFrom('', ' ', '\n', '\t'),
      fc.constantFrom(undefined, 2),
    )
    .map(([signing, edge, indent]) => {
      const text = keys.get(signing) ?? '';
      return edge + (signing === 'HS256' ? text : JSON.stringify(JSON.parse(text), null, indent)) + edge;
    }),
);
const value: fc.Arbitrary<SecretValue> = fc.oneof(
  nearSecret.map((text) => ({ SecretString: text })),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => ({ SecretBinary: bytes })),
  fc.constant({}),
);

const VERSION = '11111111-0000-4000-8000-000000000001';

async function issuerTakes(value: SecretValue, signing: Signing): Promise<boolean> {
  return createKeyRing({ ...readerOf(value, signing), withFallback: true })
    .get()
    .then(
      () => true,
      () => false,
    );
}

async function verifierTakes(value: SecretValue, signing: Signing): Promise<boolean> {
  return (await createLiveKeys(readerOf(value, signing)).get()).keys.length === 1;
}

function readerOf(value: SecretValue, signing: Signing) {
  return {
    secret: 's',
    signing,
    reader: { stages: async () => ({ [VERSION]: ['AWSCURRENT'] }), value: async () => value },
    onProblem: () => undefined,
    now: () => 1_900_000_000,
    within: async <T>(work: Promise<T>) => work,
    refreshAfter: 60,
    maxAge: 600,
  };
}

async function rotationTakes(value: SecretValue, signing: Signing): Promise<boolean> {
  const seen = await observe(
    { secret: 's', signing },
    {
      secrets: {
        describe: async () => ({ arn: 's', stages: { [VERSION]: ['AWSCURRENT'] }, tags: {} }),
        value: async () => ({ value, createdAt: 0 }),
        versions: async () => ({}),
        put: async () => 'exists',
        moveLabel: async () => 'lost',
        tag: async () => undefined,
        untag: async () => undefined,
      },
    },
  );
  return seen.secrets.has(VERSION);
}

test('issuer, verifier and rotation agree on every value whether it is a secret', async () => {
  await fc.assert(
    fc.asyncProperty(value, fc.constantFrom(...algorithms), async (value, signing) => {
      const { usable } = await checkSecret(value, signing);
      expect(await issuerTakes(value, signing)).toBe(usable);
      expect(await verifierTakes(value, signing)).toBe(usable);
      expect(await rotationTakes(value, signing)).toBe(usable);
    }),
    { numRuns: 400 },
  );
});

const FILES = {
  antmedia: 'settings.publishJwtControlEnabled=true\nsettings.jwtStreamSecretKey=old\n',
  red5: 'auth.active=true\njwt.secret=old\njwt.ttl.minutes=60\n',
  jitsi:
    'VirtualHost "meet.example.com"\n    authentication = "token"\n    app_id = "a"\n    app_secret = "old"\n',
  rtcstats: 'authorization:\n  jwtSecret: old\n',
};

test('every shared secret that is allowed is read back from each config file as it was written', () => {
  const secret = fc.string({ unit: fc.constantFrom(...ALLOWED), minLength: 32, maxLength: 256 });
  fc.assert(
    fc.property(secret, fc.constantFrom('antmedia', 'red5', 'jitsi', 'rtcstats'), (text, kind) => {
      const format = configFileFormats[kind];
      const replaced = format.replaceSecret(FILES[kind], text);
      expect(replaced).toMatchObject({ ok: true });
      expect(format.readSecret(replaced.ok ? replaced.text : '')).toEqual({ ok: true, secret: text });
    }),
  );
});

test('a key ring file gives back the secrets that were written into it', async () => {
  const versions = [{ versionId: VERSION, text: await makeSecret('HS256', randomBytes) }];
  const changed = keyRingFile.change(Buffer.from(''), versions);
  const secrets = versions.map(({ text }) => ({ kid: kidOf(VERSION), text }));
  expect(changed.ok && keyRingFile.read(changed.bytes)).toEqual({ ok: true, secrets });
});
