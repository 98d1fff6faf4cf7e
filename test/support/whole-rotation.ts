import { randomBytes } from 'node:crypto';
import { expect, vi } from 'vitest';
import type { SecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import type { KmsEndpoint } from '../../local/kms/endpoint.ts';
import { createKmsKeys } from '../../lib/aws/kms-keys.ts';
import { kmsRotationSecrets } from '../../lib/aws/kms-rotation.ts';
import { createSecretsReader } from '../../lib/aws/secrets-reader.ts';
import { secretsWriter } from '../../lib/aws/secrets-writer.ts';
import { DEFAULT_TIMING } from '../../lib/config/config.ts';
import { issueToken } from '../../lib/exchange/issue-token.ts';
import { serveKeys } from '../../lib/signing-keys/serve-keys.ts';
import { createKeyRing } from '../../lib/signing-keys/key-ring.ts';
import { createLiveKeys } from '../../lib/signing-keys/live-keys.ts';
import { rotate } from '../../lib/rotation/rotate.ts';
import type { RotateCommand } from '../../lib/rotation/event.ts';
import { policyOf } from '../../lib/rotation/policy.ts';
import type { Servers } from '../../lib/rotation/ports.ts';
import { makeSecret } from '../../lib/rotation/make-secret.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { kmsClient } from '../local/kms/sdk-client.ts';
import { sdkClient } from '../local/secrets-manager/sdk-client.ts';

/**
 * Whole rotations on a virtual clock (vitest's fake `Date`): the real reconciler, key rings and key set over the local
 * Secrets Manager. Issuers and the key set are as slow as they may be: they use a ring until its last second.
 */

export const START = 1_900_000_000;
const MINUTE = 60;

/** Epoch seconds. */
export function now(): number {
  return Date.now() / 1000;
}

/** One target with its rotation, an issuer and a key set; KMS may hold the keys. Its secret is there, without a value. */
export function rotatedService(
  endpoint: SecretsManagerEndpoint,
  { secret = '', ...target }: Target,
  servers?: Servers,
  kms?: KmsEndpoint,
) {
  const client = sdkClient(endpoint);
  const inKms = kms && {
    client: kmsClient(kms),
    options: { keyId: `alias/${secret}`, signing: target.signing },
  };
  const reader = createSecretsReader(client);
  const keys = inKms && createKmsKeys(inKms.client, inKms.options);
  const written = secretsWriter(client);
  const lazily = {
    secret,
    signing: target.signing,
    reader: keys
      ? { ...reader, value: async (_secret: string, version: string) => ({ kms: await keys.of(version) }) }
      : reader,
    now,
    within: <T>(work: Promise<T>) => work,
    refreshAfter: DEFAULT_TIMING.keyRingMaxAge - 1,
    maxAge: DEFAULT_TIMING.keyRingMaxAge,
    onProblem: (problem: string) => expect.unreachable(problem),
  };
  const ring = createKeyRing({ ...lazily, withFallback: false });
  const live = createLiveKeys(lazily);
  const rotated = {
    secret,
    signing: target.signing,
    policy: policyOf(target, DEFAULT_TIMING),
    secrets: inKms
      ? kmsRotationSecrets(written, { kms: inKms.client, secretsManager: client }, inKms.options)
      : written,
    ...(servers && { servers }),
    memory: {},
    maker: { make: () => makeSecret(target.signing, randomBytes) },
  };
  return {
    async rotate(action: RotateCommand['action']) {
      const { targets } = await rotate(
        { action, serversFollow: false },
        { it: rotated },
        now(),
        (_name, { error }) => {
          if (error !== undefined) throw error;
        },
      );
      return targets['it'];
    },
    async issue(): Promise<string> {
      const grant = {
        actions: [target.actions[0] ?? ''],
        rooms: ['lobby'],
        transports: [],
        ttlSeconds: target.longestToken,
      };
      const identity = {
        issuer: 'https://id.example',
        subject: 'person-1',
        groups: [],
        claims: {},
        expiresAt: 0,
      };
      const issuance = { now: now(), jti: `jti-${now()}`, session: 's', transportsNamed: false };
      return (await issueToken(target, 'it', grant, identity, await ring.get(), issuance)).token;
    },
    serve: (file?: string) =>
      serveKeys(file === undefined ? {} : { pathParameters: { file } }, [{ target, keys: live }]),
  };
}

export type RotatedService = ReturnType<typeof rotatedService>;

/** What a rotation was like. */
export interface Course {
  readonly phases: readonly string[];
  readonly kids: readonly string[];
  readonly verified: number;
  readonly rejected: number;
  /** The `kid`s in the key set once the last ring of the rotation is gone. */
  readonly published: readonly string[];
}

/** Minutes before the rotation and after its end. */
const MARGIN = 5;

/** A whole rotation, minute by minute: a token is issued, and those that live are verified. */
export async function wholeRotation(
  api: RotatedService,
  verify: (token: string) => Promise<unknown>,
  { longestToken }: Target,
): Promise<Course> {
  const live: { token: string; kid: string; expiresAt: number }[] = [];
  const phases = ['empty'];
  const kids = new Set<string>();
  let verified = 0;
  let rejected = 0;
  await api.rotate('advance');
  for (let minute = 0, left = MARGIN; left > 0; minute++) {
    const { phase = '' } = (await api.rotate(minute === MARGIN ? 'start' : 'advance')) ?? {};
    if (phase !== phases.at(-1)) phases.push(phase);
    if (minute > MARGIN && phase === 'steady') left--;
    const token = await api.issue();
    const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as {
      kid: string;
    };
    kids.add(kid);
    live.push({ token, kid, expiresAt: now() + longestToken });
    while (live[0] !== undefined && live[0].expiresAt <= now()) live.shift();
    for (const one of oldestAndNewest(live)) {
      await verify(one.token).then(
        () => verified++,
        () => rejected++,
      );
    }
    vi.setSystemTime(Date.now() + MINUTE * 1000);
  }
  vi.setSystemTime(Date.now() + DEFAULT_TIMING.keyRingMaxAge * 1000);
  const { keys } = JSON.parse((await api.serve()).body) as { keys: { kid: string }[] };
  return { phases, kids: [...kids], verified, rejected, published: keys.map(({ kid }) => kid) };
}

/** Of each key, the oldest and the newest token: those in between are as good as these. */
function oldestAndNewest<Token extends { readonly kid: string }>(live: readonly Token[]): ReadonlySet<Token> {
  const kids = new Set(live.map(({ kid }) => kid));
  const ends = [...kids].flatMap((kid) => {
    const signed = live.filter((one) => one.kid === kid);
    return [signed[0], signed.at(-1)];
  });
  return new Set(ends.filter((one) => one !== undefined));
}
