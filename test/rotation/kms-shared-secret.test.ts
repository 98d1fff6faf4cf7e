import { randomBytes } from 'node:crypto';
import { jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKmsKeys } from '../../lib/aws/kms-keys.ts';
import { kmsRotationSecrets } from '../../lib/aws/kms-rotation.ts';
import { createSecretsReader } from '../../lib/aws/secrets-reader.ts';
import { DEFAULT_TIMING } from '../../lib/config/config.ts';
import { issueToken, type IssuedToken } from '../../lib/exchange/issue-token.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { signCompact } from '../../lib/jws/sign.ts';
import { nodeState } from '../../lib/fleet/node-report.ts';
import { red5 } from '../../lib/media-servers/index.ts';
import { makeSecretForKms } from '../../lib/rotation/make-secret.ts';
import type { ServerSecret, Servers } from '../../lib/rotation/ports.ts';
import { rotate, type Rotated } from '../../lib/rotation/rotate.ts';
import { createKeyRing } from '../../lib/signing-keys/key-ring.ts';
import { fingerprintOf } from '../../lib/signing-keys/secret.ts';
import { createKmsEndpoint, type KmsEndpoint } from '../../local/kms/endpoint.ts';
import { kmsClient } from '../local/kms/sdk-client.ts';
import { sdkClient } from '../local/secrets-manager/sdk-client.ts';
import { SECRET, startHarness, type Harness } from './harness.ts';

/** Rotations of a shared secret that servers hold and KMS signs with: no function reads its text. */

const OPTIONS = { keyId: 'alias/red5', signing: 'HS256' } as const;
const TARGET = red5({ secret: SECRET, issuer: 'streampass' });

let harness: Harness;
let kms: KmsEndpoint;
/** The operation of KMS that fails next, once. */
let failing: string | undefined;
/** Who asked for a value: a node, or one of our functions. */
let reader: 'node' | 'function';
const readByFunctions: string[] = [];
/** What each node's file holds. */
let nodes: Map<string, string>;
let target: Rotated;

beforeEach(async () => {
  failing = undefined;
  reader = 'function';
  readByFunctions.length = 0;
  nodes = new Map([
    ['a', ''],
    ['b', ''],
  ]);
  let refused = 0;
  kms = await createKmsEndpoint({
    port: 0,
    faults(operation) {
      if (operation !== failing) return undefined;
      failing = undefined;
      if (operation === 'CreateKey') refused++;
      return { code: 'KMSInternalException' };
    },
  });
  made = () => kms.calls.filter((call) => call === 'CreateKey').length - refused;
  harness = await startHarness();
  harness.faults = (operation) => {
    if (operation === 'GetSecretValue' && reader === 'function') readByFunctions.push(operation);
    if (operation !== failing) return undefined;
    failing = undefined;
    return 'internal-error';
  };
  target = {
    ...harness.target,
    secrets: kmsRotationSecrets(
      harness.target.secrets,
      { kms: kmsClient(kms), secretsManager: sdkClient(harness.endpoint) },
      OPTIONS,
    ),
    servers: agents(),
    maker: { make: () => makeSecretForKms(randomBytes) },
    memory: {},
  };
});
afterEach(() => Promise.all([harness.close(), kms.close()]));

/** A version's text, as a node with its own rights gets it. */
function textOf(versionId: string): string {
  reader = 'node';
  const { output } = harness.endpoint.execute('GetSecretValue', { SecretId: SECRET, VersionId: versionId });
  reader = 'function';
  return String(output?.['SecretString']);
}

/** Nodes whose agents fetch what a command names, and report a fingerprint. */
function agents(): Servers {
  const stateOf = (node: string, versions: readonly ServerSecret[]) => {
    const fingerprint = fingerprintOf(nodes.get(node) ?? '');
    return nodeState(node, { version: 1, fingerprint, problems: [] }, versions, () => []);
  };
  return {
    observe: async (_arn, versions) => ({
      nodes: [...nodes.keys()].map((node) => stateOf(node, versions)),
    }),
    async apply(_arn, [version], named) {
      // One node at a time, so that servers differ for a while.
      const next = (named === 'all' ? [...nodes.keys()] : named).find(
        (node) => nodes.get(node) !== textOf(version?.versionId ?? ''),
      );
      if (next !== undefined && version !== undefined) nodes.set(next, textOf(version.versionId));
      return [];
    },
    probe: async () => ({ accepted: true }),
  };
}

async function run(action: 'start' | 'advance' | 'emergency') {
  const errors: unknown[] = [];
  const { targets } = await rotate(
    { action, serversFollow: false },
    { it: target },
    harness.now,
    (_, told) => {
      if (told.error !== undefined) errors.push(told.error);
    },
  );
  return { phase: targets['it']?.phase, errors };
}

/** Whether the key in KMS computes what a server with the text computes. */
async function agrees(versionId: string): Promise<boolean> {
  const key = await createKmsKeys(kmsClient(kms), OPTIONS).of(versionId);
  if ('problem' in key || key.alg !== 'HS256') return false;
  const here = { alg: 'HS256', kid: versionId, key: hmacKey(textOf(versionId)) } as const;
  const token = await signCompact({ iss: 'streampass' }, here);
  return (
    key.fingerprint === fingerprintOf(textOf(versionId)) &&
    (await signCompact({ iss: 'streampass' }, { ...key, kid: versionId })) === token &&
    (await key.verify(token)) &&
    !(await key.verify(token.replace('.', '.e30')))
  );
}

/** Keys that were made, which cost money. */
let made: () => number;

test('jose accepts every live token, or its fallback, under the text of every node, at every minute of a rotation', async () => {
  const keys = createKmsKeys(kmsClient(kms), OPTIONS);
  const ring = createKeyRing({
    secret: SECRET,
    signing: 'HS256',
    withFallback: true,
    reader: {
      ...createSecretsReader(sdkClient(harness.endpoint)),
      value: async (_secret, versionId) => ({ kms: await keys.of(versionId) }),
    },
    now: () => harness.now,
    within: (work) => work,
    refreshAfter: DEFAULT_TIMING.keyRingMaxAge - 1,
    maxAge: DEFAULT_TIMING.keyRingMaxAge,
    onProblem: (problem) => expect.unreachable(problem),
  });
  const identity = { issuer: 'https://id.example', subject: 'p', groups: [], claims: {}, expiresAt: 0 };
  const grant = { actions: ['publish'], rooms: ['lobby'], transports: [], ttlSeconds: 3540 };
  const live: IssuedToken[] = [];
  const phases: unknown[] = [];
  let fallbacks = 0;

  /** Any of a set's tokens is enough: a client tries one after the other. */
  const accepts = async (text: string, { token, fallback }: IssuedToken): Promise<boolean> => {
    const currentDate = new Date(harness.now * 1000);
    const verified = await Promise.allSettled(
      [token, fallback ?? token].map((one) => jwtVerify(one, Buffer.from(text), { currentDate })),
    );
    return verified.some(({ status }) => status === 'fulfilled');
  };

  for (let minute = 0, left = 20; left > 0; minute++) {
    const { phase, errors } = await run(minute === 20 ? 'start' : 'advance');
    expect(errors).toEqual([]);
    if (phase !== phases.at(-1)) phases.push(phase);
    if (phases.length > 3 && phase === 'steady') left--;
    const issuance = { now: harness.now, jti: `jti-${minute}`, session: 's', transportsNamed: false };
    live.push(await issueToken(TARGET, 'it', grant, identity, await ring.get(), issuance));
    if (live.at(-1)?.fallback !== undefined) fallbacks++;
    while (live[0] !== undefined && live[0].expiresAt <= harness.now) live.shift();
    for (const [node, text] of nodes)
      for (const set of [live[0], live.at(-1)])
        if (set !== undefined && text !== '')
          expect(await accepts(text, set), `${phase} ${node} ${set.jti}`).toBe(true);
    harness.now += 60;
  }
  expect(phases).toEqual(['steady', 'announced', 'pushing', 'promoted', 'steady']);
  expect(fallbacks).toBeGreaterThan(60);
  expect(made()).toBe(2);
  expect(readByFunctions).toEqual([]);
  expect([...nodes.values()]).toEqual(Array(2).fill(textOf(harness.labels()['AWSCURRENT'] ?? '')));
});

describe.each(['the first version', 'a rotation', 'an emergency'])('%s', (what) => {
  test.each([
    ['CreateKey', 1],
    ['CreateAlias', 1],
    ['DescribeKey', 1],
    ['GetParametersForImport', 1],
    ['ImportKeyMaterial', 1],
    ['UpdateKeyDescription', 2],
    ['PutSecretValue', 2],
  ])('is made by the next run if %s fails, with %i key(s) in KMS', async (operation, keys) => {
    if (what !== 'the first version') await run('advance');
    const before = { keys: made(), current: harness.labels()['AWSCURRENT'] };
    const action = what === 'a rotation' ? 'start' : what === 'an emergency' ? 'emergency' : 'advance';
    failing = operation;
    expect((await run(action)).errors).toHaveLength(1);
    expect((await run(action)).errors).toEqual([]);
    const { AWSCURRENT = '', AWSPENDING } = harness.labels();
    const fresh = action === 'start' ? (AWSPENDING ?? '') : AWSCURRENT;
    expect(fresh).not.toBe(before.current);
    expect(await agrees(fresh)).toBe(true);
    expect(made() - before.keys).toBe(keys);
    expect(readByFunctions).toEqual([]);
  });
});

test('of two runs at once, one makes the version, and KMS has the text that it wrote', async () => {
  const put = (text: string) => target.secrets.put(SECRET, 'v'.repeat(36), text, ['AWSCURRENT']);
  const texts = [makeSecretForKms(randomBytes), makeSecretForKms(randomBytes)];
  const done = await Promise.all(texts.map(put));
  expect(done.toSorted()).toEqual(['exists', 'made']);
  expect(textOf('v'.repeat(36))).toBe(texts[done.indexOf('made')]);
  expect(await agrees('v'.repeat(36))).toBe(true);
});

test('a key of another algorithm under the alias is told from a missing one', async () => {
  await run('advance');
  const version = harness.labels()['AWSCURRENT'] ?? '';
  expect(await createKmsKeys(kmsClient(kms), { ...OPTIONS, signing: 'ES256' }).of(version)).toEqual({
    problem: `has a key in KMS that is not for ES256: alias/red5/${version}`,
  });
  kms.execute('DisableKey', { KeyId: `alias/red5/${version}` });
  expect(await createKmsKeys(kmsClient(kms), OPTIONS).of(version)).toEqual({
    problem: `has a key in KMS that is not enabled: alias/red5/${version}`,
  });
  expect(await createKmsKeys(kmsClient(kms), OPTIONS).of('v2')).toEqual({
    problem: 'has no key in KMS: alias/red5/v2 is unknown',
  });
});

test('a version whose text was lost twice is given up, and the next one is made', async () => {
  for (let lost = 0; lost < 2; lost++) {
    failing = 'PutSecretValue';
    expect((await run('advance')).errors).toHaveLength(1);
  }
  expect((await run('advance')).errors).toEqual([]);
  expect(await agrees(harness.labels()['AWSCURRENT'] ?? '')).toBe(true);
  expect(made()).toBe(3);
});
