import { decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { createRotated } from '../../functions/wiring/rotated.ts';
import { jitsi, livekit, red5, rtcstats } from '../../lib/config/index.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { configOf, problemsOf } from '../support/config.ts';
import { newPrivateKey } from '../support/signing-keys.ts';

const NOW = 1_900_000_000;
const current = await newPrivateKey('RS256', '12345678');
const fallback = { ...current, kid: '87654321' };
const person: Identity = {
  issuer: 'https://id.example',
  subject: 'person-1',
  groups: [],
  claims: { name: 'Ada', email: 'ada@example.com' },
  expiresAt: 0,
};

async function issue(target: Target, actions: readonly string[]) {
  const grant = { actions, rooms: ['lobby'], transports: [], ttlSeconds: 600 };
  const issued = await issueToken(
    target,
    'jitsi',
    grant,
    person,
    { current, fallback, readAt: NOW },
    {
      now: NOW,
      jti: 'jti-1',
      session: 's',
      transportsNamed: false,
    },
  );
  const { payload } = await jwtVerify(issued.token, current.publicKey, {
    currentDate: new Date(NOW * 1000),
    algorithms: ['RS256'],
  });
  return { issued, header: decodeProtectedHeader(issued.token), payload };
}

const options = {
  secret: 's/jitsi',
  appId: 'streampass',
  domain: 'meet.example.com',
  signing: 'RS256',
} as const;

describe('a Jitsi token for public keys', () => {
  test('has what Prosody asks for with asap_key_server, and no fallback', async () => {
    const { issued, header, payload } = await issue(jitsi(options), ['join']);
    expect(header).toEqual({ alg: 'RS256', typ: 'JWT', kid: '12345678' });
    expect(payload).toMatchObject({
      iss: 'streampass',
      aud: 'jitsi',
      sub: 'meet.example.com',
      room: 'lobby',
    });
    expect(issued.fallback).toBeUndefined();
  });
});

describe('a token for 8x8 JaaS', () => {
  const jaas = jitsi({
    ...options,
    jaas: { appId: 'vpaas-magic-cookie-1', keyId: '4f4910' },
    features: { recording: true, transcription: false },
    show: ['name', 'email'],
  });

  test('names the app, its key and its room as JaaS documents it', async () => {
    const { header, payload } = await issue(jaas, ['join', 'moderate']);
    expect(header).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'vpaas-magic-cookie-1/4f4910' });
    expect(payload).toMatchObject({
      iss: 'chat',
      aud: 'jitsi',
      sub: 'vpaas-magic-cookie-1',
      room: 'lobby',
      context: {
        user: { id: 'person-1', name: 'Ada', email: 'ada@example.com', moderator: true },
        features: { recording: true, transcription: false },
      },
    });
  });

  test('gives features to moderators alone', async () => {
    const { payload } = await issue(jaas, ['join']);
    expect(payload['context']).toMatchObject({
      user: { moderator: false },
      features: { recording: false, transcription: false },
    });
  });

  test('keeps its key until an operator changes it at JaaS: no rotation knows it', () => {
    const targets = { jaas, red5: red5({ secret: 's/red5', issuer: 'streampass' }) };
    const config = configOf({ issuers: [], targets, grants: [] });
    expect(Object.keys(createRotated(config, {}))).toEqual(['red5']);
  });

  test('is signed with RS256, or the configuration is refused', () => {
    const { jaas: ids, ...rest } = { ...options, jaas: { appId: 'a', keyId: 'b' } };
    const target = jitsi({ ...rest, signing: 'HS256', jaas: ids });
    expect(target.problems).toContainEqual({ path: 'signing', problem: 'must be RS256 for JaaS' });
  });
});

describe('servers that a rotation cannot reach', () => {
  const files = { by: 'files', files: ['/etc/keys.json'] } as const;
  const instances = { by: 'ssm', tag: { key: 'streampass', value: 'x' }, document: 'd' } as const;

  test.each([
    ['LiveKit on instances', livekit({ secret: 's/x', fleet: instances }), 'targets.it.fleet'],
    [
      'LiveKit with a probe',
      livekit({ secret: 's/x', fleet: { ...files, probe: ['http://x'] } }),
      'targets.it.fleet.probe',
    ],
  ])('are told when the configuration is read: %s', (_name, target, path) => {
    const problems = problemsOf({ issuers: [], targets: { it: target }, grants: [] });
    expect(problems.map((problem) => problem.path)).toEqual([path]);
  });

  test('are none where they fetch public keys: whatever names them is not asked', async () => {
    const target = jitsi({ ...options, fleet: instances });
    const { it: rotated } = createRotated(configOf({ issuers: [], targets: { it: target }, grants: [] }), {});
    expect(await rotated?.servers?.observe('arn', [])).toEqual({ nodes: [] });
  });

  test('are none of those with a key ring on instances', () => {
    const target = rtcstats({ secret: 's/x', keyring: true, fleet: instances });
    expect(problemsOf({ issuers: [], targets: { it: target }, grants: [] })).toEqual([]);
  });

  test('are none where LiveKit’s key files are named', () => {
    const config = configOf({
      issuers: [],
      targets: { it: livekit({ secret: 's/x', fleet: files }) },
      grants: [],
    });
    expect(Object.keys(createRotated(config, {}))).toEqual(['it']);
  });
});
