/**
 * What every contestant runs against: an OpenID provider's two documents and a Secrets Manager endpoint on loopback, and
 * events that hold tokens of that provider. All of it lives in the measuring process, so that it costs no contestant anything.
 */

import { generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSecretsManagerEndpoint } from '../local/secrets-manager/endpoint.ts';
import type { SecretsManagerEndpoint } from '../local/secrets-manager/endpoint.ts';
import { localSecretOf } from '../lib/config/stand-ins.ts';
import type { ApiGatewayEvent } from '../lib/api-gateway/event.ts';

/** The algorithms that ID tokens are signed with here. */
export const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;
/** One of {@link ALGORITHMS}. */
export type Algorithm = (typeof ALGORITHMS)[number];

/** What a token of a company's provider says beside the person: the claims are 800 bytes of JSON. */
const GROUPS = [
  'broadcasters',
  'staff',
  'engineering-emea',
  'vpn-users',
  'all-employees',
  'building-access-london',
  'expense-approvers',
  'newsletter-subscribers',
];

/** The client id that tokens are meant for. */
const AUDIENCE = 'bench-client';

/** One signing key of the provider. */
interface ProviderKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** A running provider and Secrets Manager. */
export interface Scene {
  /** What a contestant finds in its environment, as on Lambda. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: SecretsManagerEndpoint;
  /** How many requests were answered so far. */
  readonly requests: { readonly secrets: number; readonly provider: number };
  /** An event of one person, with a token that no other event holds. */
  newEvent(algorithm: Algorithm, options?: EventOptions): ApiGatewayEvent;
  /** New keys at the provider, which goes on publishing the old ones, as providers do. */
  rotateProviderKeys(): void;
  close(): Promise<void>;
}

/** What may differ from event to event. */
export interface EventOptions {
  /** Parameters of the form, over or beside the usual ones. */
  readonly form?: Readonly<Record<string, string>>;
  /** Claims, over or beside the usual ones. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Starts the surroundings; `otherKeys` is how many keys the provider publishes beside the ones it signs with. */
export async function startScene({ otherKeys = 0 } = {}): Promise<Scene> {
  const published: unknown[] = Array.from({ length: otherKeys }, () => newKey('ES256').jwk);
  let keys = newKeys();
  published.push(...jwksOf(keys));

  const requests = { secrets: 0, provider: 0 };
  const server = createServer((request, response) => {
    requests.provider++;
    const documents: Readonly<Record<string, unknown>> = {
      '/.well-known/openid-configuration': { issuer, jwks_uri: `${issuer}/jwks` },
      '/jwks': { keys: published },
    };
    const document = documents[request.url ?? ''];
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const secrets = await createSecretsManagerEndpoint({
    port: 0,
    faults: () => {
      requests.secrets++;
      return undefined;
    },
  });
  for (const Name of ['red5', 'jitsi', 'rtcstats', 'stream-keys'].map(localSecretOf)) {
    const { error } = secrets.execute('CreateSecret', {
      Name,
      ClientRequestToken: randomUUID(),
      SecretString: randomBytes(32).toString('base64url'),
    });
    if (error) throw error;
  }

  function newEvent(algorithm: Algorithm, { form, claims }: EventOptions = {}): ApiGatewayEvent {
    const now = Math.floor(Date.now() / 1000);
    const subject = randomUUID();
    const subjectToken = newToken(algorithm, keys[algorithm], {
      iss: issuer,
      sub: subject,
      aud: AUDIENCE,
      exp: now + 3600,
      iat: now,
      auth_time: now,
      jti: randomUUID(),
      sid: randomUUID(),
      groups: GROUPS,
      name: 'Example Person',
      email: `${subject}@example.com`,
      email_verified: true,
      locale: 'en-GB',
      zoneinfo: 'Europe/London',
      picture: `https://example.com/people/${subject}/picture-256.png`,
      ...claims,
    });
    return toEvent({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subjectToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      audience: 'red5',
      room: 'studio-1',
      scope: 'publish',
      transport: 'WHIP',
      ...form,
    });
  }

  return {
    env: {
      OIDC_ISSUER: issuer,
      OIDC_AUDIENCE: AUDIENCE,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'any',
      AWS_SECRET_ACCESS_KEY: 'any',
      AWS_SESSION_TOKEN: 'any',
      NODE_ENV: 'production',
    },
    secrets,
    requests,
    newEvent,
    rotateProviderKeys() {
      keys = newKeys();
      published.push(...jwksOf(keys));
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await secrets.close();
    },
  };
}

type ProviderKeys = Readonly<Record<Algorithm, ProviderKey>>;

function newKeys(): ProviderKeys {
  return { RS256: newKey('RS256'), ES256: newKey('ES256'), EdDSA: newKey('EdDSA') };
}

function jwksOf(keys: ProviderKeys): readonly unknown[] {
  return ALGORITHMS.map((algorithm) => keys[algorithm].jwk);
}

function newKey(algorithm: Algorithm): ProviderKey {
  const kid = randomUUID();
  const { privateKey, publicKey } =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : algorithm === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
  return {
    kid,
    privateKey,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' },
  };
}

function newToken(algorithm: Algorithm, { kid, privateKey }: ProviderKey, claims: object): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode({ alg: algorithm, typ: 'JWT', kid })}.${encode(claims)}`;
  const hash = algorithm === 'EdDSA' ? null : 'sha256';
  const signature = sign(hash, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

/** As API Gateway hands a form over (payload format 2.0): in base64, with what it knows of the request. */
function toEvent(form: Readonly<Record<string, string>>): ApiGatewayEvent {
  const event = {
    version: '2.0',
    routeKey: 'POST /token',
    rawPath: '/token',
    rawQueryString: '',
    headers: {
      accept: '*/*',
      'content-type': 'application/x-www-form-urlencoded',
      host: 'api.example.com',
      origin: 'https://example.com',
      'user-agent': 'Mozilla/5.0',
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-proto': 'https',
    },
    requestContext: {
      accountId: '123456789012',
      apiId: 'abcdefghij',
      domainName: 'api.example.com',
      domainPrefix: 'api',
      http: {
        method: 'POST',
        path: '/token',
        protocol: 'HTTP/1.1',
        sourceIp: '192.0.2.1',
        userAgent: 'Mozilla/5.0',
      },
      requestId: randomUUID(),
      routeKey: 'POST /token',
      stage: '$default',
      time: '01/Jan/2026:00:00:00 +0000',
      timeEpoch: 1767225600000,
    },
    body: Buffer.from(new URLSearchParams(form).toString()).toString('base64'),
    isBase64Encoded: true,
  };
  return event;
}
