import {
  allowInsecureRequests,
  discoveryRequest,
  genericTokenEndpointRequest,
  None,
  processDiscoveryResponse,
  processGenericTokenEndpointResponse,
} from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { startOidcProvider } from '../../local/oidc-provider/provider.ts';
import type { RunningOidcProvider } from '../../local/oidc-provider/provider.ts';
import { signIn } from '../../local/oidc-provider/sign-in.ts';
import { createSecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import type { SecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { kidOf } from '../../lib/signing-keys/secret.ts';
import { serviceToken } from '../support/service-token.ts';
import { startFunctionHost, tokenEvent } from '../support/function-host.ts';
import type { FunctionHost } from '../support/function-host.ts';

/** The built functions, with a real provider and the real SDK against a real endpoint. */

const SECRET = 'first-secret-of-43-characters-aaaaaaaaaaaaa';
const NEXT_SECRET = 'second-secret-of-43-characters-aaaaaaaaaaaa';

let provider: RunningOidcProvider;
let secrets: SecretsManagerEndpoint;
let host: FunctionHost;
let env: Record<string, string>;
const idTokens: Record<string, string> = {};

beforeAll(async () => {
  [provider, secrets] = await Promise.all([
    startOidcProvider({ port: 0 }),
    createSecretsManagerEndpoint({ port: 0 }),
  ]);
  for (const target of ['red5', 'jitsi', 'rtcstats', 'stream-keys']) {
    call('CreateSecret', { Name: `streampass/local/${target}`, SecretString: SECRET });
  }
  env = {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    OIDC_ISSUER: provider.issuer,
    OIDC_AUDIENCE: 'streampass-demo',
  };
  host = await startFunctionHost(env);
  for (const user of ['viewer', 'broadcaster', 'moderator'] as const) {
    idTokens[user] = (await signIn({ issuer: provider.issuer, user })).idToken;
  }
});

afterAll(async () => {
  await host?.close();
  await secrets?.close();
  await provider?.close();
});

function call(operation: string, input: Record<string, unknown>): Record<string, unknown> {
  const { output, error } = secrets.execute(operation, { ClientRequestToken: crypto.randomUUID(), ...input });
  if (error) throw error;
  return output ?? {};
}

async function exchange(user: string, parameters: Record<string, string>, by = host) {
  const response = await by.invoke(
    'token',
    tokenEvent({ subject_token: idTokens[user] ?? '', ...parameters }),
  );
  return {
    response,
    body: JSON.parse(response.body) as Record<string, never> & {
      access_token: string;
      fallback_token?: string;
    },
  };
}

describe('a service, with a token of the client-credentials grant', () => {
  const ask = async (parameters: Record<string, string>) => {
    const { response, body } = await exchange('service', {
      subject_token: await serviceToken(provider.issuer),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      ...parameters,
    });
    return { status: response.statusCode, ...body };
  };

  test('gets what the rule for services gives', async () => {
    expect(await ask({ audience: 'red5', room: 'public-1' })).toMatchObject({
      status: 200,
      scope: 'publish',
      expires_in: 300,
    });
  });

  test.each([
    ['what is everyone’s who signed in', { audience: 'rtcstats' }, 'target_not_allowed'],
    ['another room', { audience: 'red5', room: 'studio-1' }, 'room_not_allowed'],
    [
      'anything for a token that it calls an ID token',
      { audience: 'red5', subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      'subject_token_type_mismatch',
    ],
  ])('does not get %s', async (_what, parameters, reason) => {
    expect(await ask(parameters)).toMatchObject({ status: 400, reason });
  });
});

describe('an exchange', () => {
  test('answers with exactly the members of RFC 8693 §2.2.1 and refresh_in', async () => {
    const { response, body } = await exchange('viewer', { audience: 'red5', room: 'public-1' });
    expect(response.statusCode).toBe(200);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(body).toEqual({
      access_token: expect.any(String),
      issued_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_type: 'N_A',
      expires_in: 900,
      scope: 'subscribe',
      refresh_in: 540,
    });
  });

  test.each([
    ['broadcaster', { audience: 'red5', room: 'any' }, 'publish', 3540],
    ['moderator', { audience: 'red5' }, 'publish subscribe', 3540],
    ['moderator', { audience: 'jitsi', room: 'x' }, 'join moderate', 3600],
    ['viewer', { audience: 'jitsi', room: 'public-x' }, 'join', 3600],
    ['viewer', { audience: 'rtcstats' }, 'report', 21_600],
    ['viewer', { audience: 'rtcstats', expires_in: '60', room: 'r' }, 'report', 60],
  ])('gives a %s of %o the scope "%s" for %i s', async (user, parameters, scope, expiresIn) => {
    const { body } = await exchange(user, parameters as Record<string, string>);
    expect(body).toMatchObject({ scope, expires_in: expiresIn });
  });

  test('takes a form that was not encoded in base64 too', async () => {
    const event = tokenEvent({ subject_token: idTokens['viewer'] ?? '', audience: 'rtcstats' });
    const plain = {
      ...event,
      isBase64Encoded: false,
      body: Buffer.from(event.body ?? '', 'base64').toString(),
    };
    expect((await host.invoke('token', plain)).statusCode).toBe(200);
  });

  test('signs with the current version, and names it in kid', async () => {
    const { body } = await exchange('viewer', { audience: 'rtcstats' });
    const { VersionId } = call('GetSecretValue', { SecretId: 'streampass/local/rtcstats' });
    expect(decodeCompactJws(body.access_token)?.header).toEqual({
      alg: 'HS256',
      typ: 'JWT',
      kid: kidOf(String(VersionId)),
    });
  });

  test('gives a renewal with the same subject token a token of its own', async () => {
    const [first, second] = [
      await exchange('viewer', { audience: 'rtcstats' }),
      await exchange('viewer', { audience: 'rtcstats' }),
    ];
    expect(first.body.access_token).not.toBe(second.body.access_token);
  });
});

describe('a start', () => {
  test.each([
    ['512', 'on-demand', ['jitsi', 'red5', 'rtcstats', 'stream-keys']],
    ['1769', 'provisioned-concurrency', ['jitsi', 'red5', 'rtcstats', 'stream-keys']],
    // A request that has a whole CPU fetches what it needs itself.
    ['1769', 'on-demand', ['red5']],
  ])('with %s MB, %s, reads the secrets of %o', async (memory, type, expected) => {
    const read = new Set<string>();
    const watched = await createSecretsManagerEndpoint({
      port: 0,
      faults: (_operation, { SecretId }) => {
        read.add(String(SecretId).replace('streampass/local/', ''));
        return undefined;
      },
    });
    const names = ['red5', 'jitsi', 'rtcstats', 'stream-keys'].map((name) => `streampass/local/${name}`);
    for (const Name of names) {
      const { error } = watched.execute('CreateSecret', {
        Name,
        SecretString: SECRET,
        ClientRequestToken: crypto.randomUUID(),
      });
      if (error) throw error;
    }
    read.clear();
    const started = await startFunctionHost({
      ...env,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: watched.url,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory,
      AWS_LAMBDA_INITIALIZATION_TYPE: type,
    });
    try {
      const first = await exchange('viewer', { audience: 'red5', room: 'public-1' }, started);
      expect(first.response.statusCode).toBe(200);
      expect([...read].sort()).toEqual(expected);
      const other = await exchange('viewer', { audience: 'rtcstats' }, started);
      expect(other.response.statusCode).toBe(200);
      expect([...read]).toContain('rtcstats');
    } finally {
      await started.close();
      await watched.close();
    }
  });
});

describe('the audit', () => {
  test('is one line a decision, which names who got what and holds no token', async () => {
    const granted = await exchange('viewer', { audience: 'red5', room: 'public-audited' });
    await exchange('viewer', { audience: 'red5', room: 'private' });
    // The process prints a line before it answers, but its output may come later.
    const lines = await vi.waitFor(() => {
      const printed = host.output().trim().split('\n');
      const first = printed.findIndex((line) => line.includes('public-audited'));
      expect(printed.slice(first)).toHaveLength(2);
      return printed.slice(first).map((line) => JSON.parse(line) as Record<string, unknown>);
    });
    expect(lines[0]).toMatchObject({
      event: 'token.issued',
      iss: provider.issuer,
      sub: 'viewer',
      target: 'red5',
      actions: ['subscribe'],
      rooms: ['public-audited'],
      transports: ['WHEP'],
      jti: decodeCompactJws(granted.body.access_token)?.claims['jti'],
      request_id: 'request-1',
      source_ip: '192.0.2.1',
      TokensIssued: 1,
    });
    expect(lines[1]).toMatchObject({
      event: 'token.denied',
      reason: 'room_not_allowed',
      sub: 'viewer',
      TokensDenied: 1,
    });
    const [issued] = [granted.body.access_token.split('.')[2] ?? ''];
    expect(host.output()).not.toContain(issued);
    expect(host.output()).not.toContain(idTokens['viewer']?.split('.')[2]);
    expect(host.output()).not.toContain(SECRET);
  });
});

describe('below a base path', () => {
  test.each(['/streams/errors', '/prod/errors', '/errors'])(
    '%s is the page of errors by its route',
    async (rawPath) => {
      const answer = await host.invoke('metadata', { rawPath, routeKey: 'GET /errors' });
      expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    },
  );

  test('the metadata is at its route, and names the base path', async () => {
    const answer = await host.invoke('metadata', {
      rawPath: '/streams/.well-known/oauth-authorization-server',
      routeKey: 'GET /.well-known/oauth-authorization-server',
      requestContext: { domainName: 'live.example.com' },
    });
    expect(JSON.parse(answer.body)).toMatchObject({
      issuer: 'https://live.example.com/streams',
      token_endpoint: 'https://live.example.com/streams/token',
    });
  });
});

describe('a standard client', () => {
  test('discovers the endpoint and exchanges', async () => {
    const server = createServer((request, response) => {
      void (async () => {
        const path = request.url ?? '';
        const name = path === '/token' ? 'token' : 'metadata';
        const answer = await host.invoke(name, {
          rawPath: path,
          headers: request.headers,
          body: Buffer.from(await text(request)).toString('base64'),
          isBase64Encoded: true,
          requestContext: { domainName: 'ignored' },
        });
        response.writeHead(answer.statusCode, answer.headers).end(answer.body);
      })();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://localhost:${(server.address() as AddressInfo).port}`;
    await host.close();
    host = await startFunctionHost({ ...env, PUBLIC_URL: url });

    const insecure = { [allowInsecureRequests]: true };
    const issuer = new URL(url);
    const discovered = await discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
    const authorizationServer = await processDiscoveryResponse(issuer, discovered);
    expect(authorizationServer.token_endpoint_auth_methods_supported).toEqual(['none']);
    const client = { client_id: 'spa' };
    const response = await genericTokenEndpointRequest(
      authorizationServer,
      client,
      None(),
      'urn:ietf:params:oauth:grant-type:token-exchange',
      {
        subject_token: idTokens['viewer'] ?? '',
        subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
        audience: 'red5',
        room: 'public-1',
      },
      insecure,
    );
    const result = await processGenericTokenEndpointResponse(authorizationServer, client, response, {
      recognizedTokenTypes: { n_a: () => undefined },
    });
    expect(result).toMatchObject({ token_type: 'n_a', expires_in: 900, scope: 'subscribe' });
    server.close();
  });

  test('finds the address of the API where none is configured, not that of a header', async () => {
    const other = await startFunctionHost(env);
    const response = await other.invoke('metadata', {
      headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
      requestContext: { domainName: 'api.example.com' },
    });
    expect(JSON.parse(response.body)).toMatchObject({
      issuer: 'https://api.example.com',
      token_endpoint: 'https://api.example.com/token',
      response_types_supported: [],
    });
    await other.close();
  });
});

describe('the second live secret', () => {
  test('signs a fallback token while it is there, with the same claims', async () => {
    const fresh = await startFunctionHost(env);
    const pending = crypto.randomUUID();
    call('PutSecretValue', {
      SecretId: 'streampass/local/jitsi',
      SecretString: NEXT_SECRET,
      ClientRequestToken: pending,
      VersionStages: ['AWSPENDING'],
    });
    const { body } = await exchange('moderator', { audience: 'jitsi', room: 'x' }, fresh);
    const fallback = decodeCompactJws(body.fallback_token ?? '');
    expect(fallback?.header['kid']).toBe(kidOf(pending));
    expect(fallback?.claims).toEqual(decodeCompactJws(body.access_token)?.claims);
    await fresh.close();
  });
});

describe('trouble is 503 with a reason and the seconds to wait', () => {
  test.each([
    ['no issuer is configured', { OIDC_ISSUER: '', OIDC_AUDIENCE: '' }, 'no_issuer'],
    ['the configuration is wrong', { OIDC_ISSUER: 'http://provider.example' }, 'config_invalid'],
    [
      'Secrets Manager is down',
      { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:9' },
      'secret_unavailable',
    ],
    ['the provider is down', { OIDC_ISSUER: 'http://127.0.0.1:9' }, 'issuer_unreachable'],
  ])('where %s', async (_, changes, reason) => {
    const troubled = await startFunctionHost({ ...env, ...changes });
    const subject =
      reason === 'issuer_unreachable' ? unsignedTokenOf('http://127.0.0.1:9') : (idTokens['viewer'] ?? '');
    const event = tokenEvent({ subject_token: subject, audience: 'rtcstats' });
    const [token, health] = await Promise.all([
      troubled.invoke('token', event),
      troubled.invoke('health', {}),
    ]);
    for (const response of [token, health]) {
      const body = JSON.parse(response.body) as { retry_after: number };
      expect(response.statusCode).toBe(503);
      expect(body).toMatchObject({ error: 'temporarily_unavailable', reason });
      expect(response.headers['retry-after']).toBe(String(body.retry_after));
    }
    await troubled.close();
  });

  test('where the current secret is too short to sign with', async () => {
    const other = await createSecretsManagerEndpoint({ port: 0 });
    for (const target of ['red5', 'jitsi', 'rtcstats']) {
      other.execute('CreateSecret', {
        Name: `streampass/local/${target}`,
        SecretString: 'short',
        ClientRequestToken: crypto.randomUUID(),
      });
    }
    const troubled = await startFunctionHost({ ...env, AWS_ENDPOINT_URL_SECRETS_MANAGER: other.url });
    const { response, body } = await exchange('viewer', { audience: 'rtcstats' }, troubled);
    expect([response.statusCode, body['reason']]).toEqual([503, 'secret_invalid']);
    await troubled.close();
    await other.close();
  });

  test('and health is 200 where a token could be issued', async () => {
    expect((await host.invoke('health', {})).statusCode).toBe(200);
  });
});

/** A token whose signature nobody gets to judge, because its issuer's keys cannot be had. */
function unsignedTokenOf(issuer: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', kid: 'k' })}.${part({ iss: issuer })}.c2lnbmF0dXJl`;
}
