import { TokenVerifier } from 'livekit-server-sdk';
import { describe, expect, test } from 'vitest';
import type { Identity } from '../../lib/identity/identity.ts';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { kidOf } from '../../lib/signing-keys/secret.ts';
import { keyRingFile } from '../../lib/fleet/secret-file.ts';
import { livekit } from '../../lib/media-servers/index.ts';
import type { Grant } from '../../lib/policy/grant.ts';
import { parse } from 'yaml';
import { POWERS } from './conformance/livekit.ts';

/** LiveKit's own verifier decides; it goes by the real clock. */

const V1 = { versionId: '12345678-0000-4000-8000-000000000001', text: `${'a'.repeat(42)}1` };
const V2 = { versionId: '2b3c4d5e-0000-4000-8000-000000000002', text: `${'b'.repeat(42)}2` };
const target = livekit({ secret: 'streampass/livekit', name: true });
const person: Identity = {
  issuer: 'https://id.example',
  subject: 'person-1',
  groups: [],
  claims: { name: 'Ada' },
  expiresAt: 0,
};

async function issue(grant: Partial<Grant>, version = V1): Promise<string> {
  const full: Grant = {
    actions: ['subscribe'],
    rooms: ['lobby'],
    transports: [],
    ttlSeconds: 600,
    ...grant,
  };
  const current = { alg: 'HS256' as const, kid: kidOf(version.versionId), key: hmacKey(version.text) };
  const now = Date.now() / 1000;
  return (
    await issueToken(
      target,
      'livekit',
      full,
      person,
      { current, readAt: now },
      {
        now,
        jti: 'jti-1',
        session: 'session-1',
        transportsNamed: false,
      },
    )
  ).token;
}

describe('the address of a LiveKit target', () => {
  test.each([
    ['wss://live.example.com', true],
    ['wss://live.example.com:7443/media', true],
    ['ws://localhost:7880', true],
    ['ws://live.example.com', false],
    ['https://live.example.com', false],
    ['wss://user:password@live.example.com', false],
    ['wss://live.example.com?token=x', false],
    ['live.example.com', false],
    ['', false],
  ])('%s is sound: %s', (address, isSound) => {
    const { problems, livekitUrl } = livekit({ address });
    expect([problems.length === 0, livekitUrl]).toEqual([isSound, isSound ? address : undefined]);
  });
});

describe('two tabs of one user', () => {
  const named = (subject: string, session?: string): unknown => {
    const grant: Grant = { actions: ['publish'], rooms: ['lobby'], transports: [], ttlSeconds: 600 };
    const identity = { ...person, subject };
    const input = { grant, identity, subject, session: session ?? 'fresh', kid: '12345678' };
    const claims = target.claims({ ...input, ...(session !== undefined && { namedSession: session }) });
    expect(target.readClaims(claims)).toMatchObject({ subject, ...(session !== undefined && { session }) });
    return claims['sub'];
  };

  test('are two participants, and a user without a session keeps their own name', () => {
    expect(named('anna')).toBe('anna');
    expect(named('anna', 'tab-1')).toBe('anna#tab-1');
    expect(named('anna', 'tab-2')).toBe('anna#tab-2');
  });

  test('never are a participant of another user', () => {
    const users = ['anna', 'anna#tab-1', 'anna#', '#', 'anna#tab-1#tab-1'];
    const all = users.flatMap((user) => [undefined, 'tab-1', 'tab-2'].map((session) => named(user, session)));
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('a LiveKit token', () => {
  test.each([
    ['publish', ['publish'], { canPublish: true, canPublishData: true, canSubscribe: false }],
    ['subscribe', ['subscribe'], { canPublish: false, canPublishData: false, canSubscribe: true }],
    ['both', ['publish', 'subscribe'], { canPublish: true, canPublishData: true, canSubscribe: true }],
  ])('for %s is accepted by the SDK, and says each permission', async (_name, actions, video) => {
    const claims = await new TokenVerifier(kidOf(V1.versionId), V1.text).verify(await issue({ actions }));
    expect(claims).toMatchObject({ sub: 'person-1', name: 'Ada', iss: '12345678' });
    expect(claims.nbf).toBe(claims['iat']);
    expect(claims.video).toMatchObject({ roomJoin: true, room: 'lobby', ...video });
  });

  test('gives nothing that lets its bearer rule over rooms or people', async () => {
    const claims = await new TokenVerifier(kidOf(V1.versionId), V1.text).verify(
      await issue({ actions: ['publish'] }),
    );
    expect(POWERS.filter((power) => claims.video?.[power] !== false)).toEqual([]);
  });

  test('names no room where any is allowed', async () => {
    const claims = await new TokenVerifier(kidOf(V1.versionId), V1.text).verify(await issue({ rooms: '*' }));
    expect(claims.video).not.toHaveProperty('room');
  });

  test('is refused under another version’s secret or API key', async () => {
    const token = await issue({});
    await expect(new TokenVerifier(kidOf(V1.versionId), V2.text).verify(token)).rejects.toThrow(/signature/);
    await expect(new TokenVerifier(kidOf(V2.versionId), V1.text).verify(token)).rejects.toThrow(/iss/);
  });

  test('needs no fallback: the key ring file is a key_file in which each version’s API key has its secret', async () => {
    const file = keyRingFile.change(Buffer.from(''), [V1, V2]);
    if (!file.ok) throw new Error(file.problem);
    const keys = parse(Buffer.from(file.bytes).toString('utf8')) as Record<string, string>;
    for (const version of [V1, V2]) {
      const token = await issue({}, version);
      const { iss = '' } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
        iss?: string;
      };
      await expect(new TokenVerifier(iss, keys[iss] ?? '').verify(token)).resolves.toMatchObject({ iss });
    }
  });
});
