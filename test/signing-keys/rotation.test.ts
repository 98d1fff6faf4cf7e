import { createHash } from 'node:crypto';
import { createRemoteJWKSet, customFetch, importSPKI, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createKmsEndpoint, type KmsEndpoint } from '../../local/kms/endpoint.ts';
import { createSecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import type { SecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import type { ApiGatewayResponse } from '../../lib/api-gateway/event.ts';
import { jitsi, mediamtx } from '../../lib/media-servers/index.ts';
import { now, rotatedService, START, wholeRotation } from '../support/whole-rotation.ts';
import type { RotatedService } from '../support/whole-rotation.ts';

/** Whole rotations of targets with public keys. A cache stands before the key set, and keeps it as long as it may. */

const SECRET = 'streampass/asymmetric';

let endpoint: SecretsManagerEndpoint;
let kms: KmsEndpoint;
const valuesRead: unknown[] = [];
beforeAll(async () => {
  endpoint = await createSecretsManagerEndpoint({
    port: 0,
    now: () => Date.now(),
    faults(operation, input) {
      if (operation === 'GetSecretValue') valuesRead.push(input);
      return undefined;
    },
  });
  kms = await createKmsEndpoint({ port: 0 });
});
afterAll(() => Promise.all([endpoint.close(), kms.close()]));
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

const jitsiTarget = jitsi({ secret: SECRET, appId: 'streampass', domain: 'meet.example', signing: 'RS256' });
const mediamtxTarget = mediamtx({ secret: SECRET, issuer: 'streampass' });

test.each([
  ['RS256', 'jose', jitsiTarget, (api: RotatedService) => joseVerifier(cached(() => api.serve()))],
  ['RS256', 'Prosody', jitsiTarget, (api: RotatedService) => prosodyVerifier((file) => api.serve(file))],
  ['ES256', 'jose', mediamtxTarget, (api: RotatedService) => joseVerifier(cached(() => api.serve()))],
  ['ES256', 'MediaMTX', mediamtxTarget, (api: RotatedService) => hourlyVerifier(cached(() => api.serve()))],
  [
    'EdDSA',
    'jose',
    mediamtx({ secret: SECRET, issuer: 'streampass', signing: 'EdDSA' }),
    (api: RotatedService) => joseVerifier(cached(() => api.serve())),
  ],
])(
  'in a rotation of %s keys, %s accepts every live token at every minute',
  async (_alg, _judge, target, verifierFor) => {
    const api = rotatedService(endpoint, target);
    const course = await wholeRotation(api, verifierFor(api), target);
    expect(course.phases).toEqual(['empty', 'steady', 'announced', 'pushing', 'promoted', 'steady']);
    expect(course.rejected).toBe(0);
    expect(course.verified).toBeGreaterThan(100);
    expect(course.kids).toHaveLength(2);
    expect(course.published).toEqual([course.kids[1]]);
  },
);

test.each([
  ['RS256', 'Prosody', jitsiTarget, (api: RotatedService) => prosodyVerifier((file) => api.serve(file))],
  ['ES256', 'MediaMTX', mediamtxTarget, (api: RotatedService) => hourlyVerifier(cached(() => api.serve()))],
])(
  'in a rotation of %s keys that KMS holds, %s accepts every live token at every minute, and no value is read',
  async (_alg, _judge, target, verifierFor) => {
    valuesRead.length = 0;
    const before = kms.calls.length;
    const api = rotatedService(endpoint, target, undefined, kms);
    const course = await wholeRotation(api, verifierFor(api), target);
    expect(course.phases).toEqual(['empty', 'steady', 'announced', 'pushing', 'promoted', 'steady']);
    expect(course.rejected).toBe(0);
    expect(course.verified).toBeGreaterThan(100);
    expect(course.published).toEqual([course.kids[1]]);
    expect(valuesRead).toEqual([]);
    const calls = kms.calls.slice(before);
    expect(calls.filter((call) => call === 'CreateKey')).toHaveLength(2);
    expect(new Set(calls)).toEqual(new Set(['CreateKey', 'CreateAlias', 'GetPublicKey', 'Sign']));
  },
);

test('without the wait for a server’s own cache, tokens are rejected', async () => {
  const { publicKeyCache, ...hasty } = mediamtxTarget;
  const api = rotatedService(endpoint, hasty);
  const course = await wholeRotation(api, hourlyVerifier(cached(() => api.serve())), hasty);
  expect(publicKeyCache).toBe(3600);
  expect(course.rejected).toBeGreaterThan(0);
});
