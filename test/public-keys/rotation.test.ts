import { createHash, randomBytes } from 'node:crypto';
import { createRemoteJWKSet, customFetch, importSPKI, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createSecretsManagerEndpoint } from '../../infra/local/secrets-manager/endpoint.ts';
import type { SecretsManagerEndpoint } from '../../infra/local/secrets-manager/endpoint.ts';
import { createSecretsReader } from '../../lib/adapters/secrets-reader.ts';
import { secretsWriter } from '../../lib/adapters/secrets-writer.ts';
import { DEFAULT_TIMING } from '../../lib/config/config.ts';
import type { ApiGatewayResponse } from '../../lib/http/api-gateway-event.ts';
import { issueToken } from '../../lib/issue-token.ts';
import { serveKeys } from '../../lib/public-keys/serve-keys.ts';
import { createKeyRing } from '../../lib/ring/key-ring.ts';
import { createLiveKeys } from '../../lib/ring/live-keys.ts';
import { rotate } from '../../lib/rotate.ts';
import type { Action } from '../../lib/rotate.ts';
import { policyOf } from '../../lib/rotation/policy.ts';
import { makeSecret } from '../../lib/rotation/secret-value.ts';
import { jitsi, mediamtx } from '../../lib/targets/index.ts';
import type { Target } from '../../lib/targets/target.ts';
import { sdkClient } from '../local/secrets-manager/sdk-client.ts';

/**
 * Whole rotations of targets with public keys, on a virtual clock: the real reconciler, key rings and key set over the
 * local Secrets Manager. Everything in between is as slow as it may be: issuers and the key set use a ring until its
 * last second, and a cache stands before the key set.
 */

const START = 1_900_000_000;
const MINUTE = 60;
const SECRET = 'streampass/asymmetric';

let endpoint: SecretsManagerEndpoint;
beforeAll(async () => {
  endpoint = await createSecretsManagerEndpoint({ port: 0, now: () => Date.now() });
});
afterAll(() => endpoint.close());
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(START * 1000);
  endpoint.execute('CreateSecret', {
    Name: SECRET,
    ClientRequestToken: '00000000-0000-4000-8000-000000000000',
  });
});
afterEach(() => {
  vi.useRealTimers();
  endpoint.execute('DeleteSecret', { SecretId: SECRET, ForceDeleteWithoutRecovery: true });
});

function now(): number {
  return Date.now() / 1000;
}

/** One target with its rotation, an issuer and a key set. */
function service(target: Target) {
  const client = sdkClient(endpoint);
  const lazily = {
    secret: SECRET,
    signing: target.signing,
    reader: createSecretsReader(client),
    now,
    within: <T>(work: Promise<T>) => work,
    refreshAfter: DEFAULT_TIMING.keyRingMaxAge - 1,
    maxAge: DEFAULT_TIMING.keyRingMaxAge,
    onProblem: (problem: string) => expect.unreachable(problem),
  };
  const ring = createKeyRing({ ...lazily, withFallback: false });
  const live = createLiveKeys(lazily);
  const rotated = {
    secret: SECRET,
    signing: target.signing,
    policy: policyOf(target, DEFAULT_TIMING),
    secrets: secretsWriter(client),
    maker: { make: () => makeSecret(target.signing, randomBytes) },
  };
  return {
    async rotate(action: Action) {
      const { targets } = await rotate(action, { it: rotated }, now(), (_name, { error }) => {
        if (error !== undefined) throw error;
      });
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
      return issueToken(target, 'it', grant, identity, await ring.get(), issuance).token;
    },
    serve: (file?: string) =>
      serveKeys(file === undefined ? {} : { pathParameters: { file } }, [{ target, keys: live }]),
  };
}

type Service = ReturnType<typeof service>;

/** A cache that keeps an answer exactly as long as its `cache-control` lets it. */
function cached(serve: () => Promise<ApiGatewayResponse>): () => Promise<Response> {
  let kept: { readonly response: ApiGatewayResponse; readonly until: number } | undefined;
  return async () => {
    if (kept === undefined || now() >= kept.until) {
      const response = await serve();
      const [, maxAge] = /max-age=(\d+)/.exec(response.headers['cache-control'] ?? '') ?? [];
      kept = { response, until: now() + Number(maxAge) };
    }
    const { body, statusCode, headers } = kept.response;
    return new Response(body, { status: statusCode, headers });
  };
}

/** What verifies a token as one kind of server does, with keys that it fetches as that server does. */
type Verifier = (token: string) => Promise<unknown>;

function joseVerifier(fetchSet: () => Promise<Response>): Verifier {
  const keySet = createRemoteJWKSet(new URL('https://streampass.example/.well-known/jwks.json'), {
    [customFetch]: () => fetchSet(),
  });
  return (token) => jwtVerify(token, keySet);
}

/** MediaMTX: the set is fetched once an hour, whatever anyone says, and an unknown `kid` fetches nothing. */
function hourlyVerifier(fetchSet: () => Promise<Response>): Verifier {
  const keySet = createRemoteJWKSet(new URL('https://streampass.example/.well-known/jwks.json'), {
    [customFetch]: () => fetchSet(),
    cacheMaxAge: 3600_000,
    cooldownDuration: 3600_000,
  });
  return (token) => jwtVerify(token, keySet);
}

/** Prosody with `asap_key_server`: one key at a time by the hash of its `kid`, kept for ever. */
function prosodyVerifier(serve: (file: string) => Promise<ApiGatewayResponse>): Verifier {
  const kept = new Map<string, string>();
  return async (token) => {
    const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as {
      kid: string;
    };
    let pem = kept.get(header.kid);
    if (pem === undefined) {
      const { statusCode, body } = await serve(
        `${createHash('sha256').update(header.kid).digest('hex')}.pem`,
      );
      if (statusCode !== 200) throw new Error('could not obtain public key');
      kept.set(header.kid, (pem = body));
    }
    return jwtVerify(token, await importSPKI(pem, 'RS256'), { algorithms: ['RS256'] });
  };
}

interface Course {
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
async function wholeRotation(api: Service, verify: Verifier, { longestToken }: Target): Promise<Course> {
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

const jitsiTarget = jitsi({ secret: SECRET, appId: 'streampass', domain: 'meet.example', signing: 'RS256' });
const mediamtxTarget = mediamtx({ secret: SECRET, issuer: 'streampass' });

test.each([
  ['RS256', 'jose', jitsiTarget, (api: Service) => joseVerifier(cached(() => api.serve()))],
  ['RS256', 'Prosody', jitsiTarget, (api: Service) => prosodyVerifier((file) => api.serve(file))],
  ['ES256', 'jose', mediamtxTarget, (api: Service) => joseVerifier(cached(() => api.serve()))],
  ['ES256', 'MediaMTX', mediamtxTarget, (api: Service) => hourlyVerifier(cached(() => api.serve()))],
  [
    'EdDSA',
    'jose',
    mediamtx({ secret: SECRET, issuer: 'streampass', signing: 'EdDSA' }),
    (api: Service) => joseVerifier(cached(() => api.serve())),
  ],
])(
  'in a rotation of %s keys, %s accepts every live token at every minute',
  async (_alg, _judge, target, verifierFor) => {
    const api = service(target);
    const course = await wholeRotation(api, verifierFor(api), target);
    expect(course.phases).toEqual(['empty', 'steady', 'announced', 'pushing', 'promoted', 'steady']);
    expect(course.rejected).toBe(0);
    expect(course.verified).toBeGreaterThan(100);
    expect(course.kids).toHaveLength(2);
    expect(course.published).toEqual([course.kids[1]]);
  },
);

test('without the wait for a server’s own cache, tokens are rejected', async () => {
  const { publicKeyCache, ...hasty } = mediamtxTarget;
  const api = service(hasty);
  const course = await wholeRotation(api, hourlyVerifier(cached(() => api.serve())), hasty);
  expect(publicKeyCache).toBe(3600);
  expect(course.rejected).toBeGreaterThan(0);
});
