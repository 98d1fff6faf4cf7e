import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { ApiGatewayEvent } from '../../lib/api-gateway/event.ts';
import { startOidcProvider, type RunningOidcProvider } from '../../local/oidc-provider/provider.ts';
import { signIn } from '../../local/oidc-provider/sign-in.ts';
import { createSecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import type { SecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import { startFunctionHost, tokenEvent, type FunctionHost } from '../support/function-host.ts';
import { PROJECT } from '../support/project.ts';

/** The built `token` as OpenTelemetry's layer for Lambda sees it, and what a collector is sent of it. */

const SECRET = 'secret-of-43-characters-aaaaaaaaaaaaaaaaaaa';
const LAYER = pathToFileURL(join(import.meta.dirname, '../support/telemetry-layer.ts')).href;

/** Of OTLP's JSON, the attributes of each span; all else may hold no secret either. */
const exported = v.object({
  resourceSpans: v.array(
    v.object({
      scopeSpans: v.array(
        v.object({
          scope: v.object({ name: v.string() }),
          spans: v.array(
            v.object({ attributes: v.array(v.object({ key: v.string(), value: v.unknown() })) }),
          ),
        }),
      ),
    }),
  ),
});

const received: string[] = [];
const collector = createServer((request, response) => {
  void text(request).then((body) => {
    received.push(body);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
});

let provider: RunningOidcProvider;
let secrets: SecretsManagerEndpoint;
let host: FunctionHost;
let idToken: string;

beforeAll(async () => {
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  [provider, secrets] = await Promise.all([
    startOidcProvider({ port: 0 }),
    createSecretsManagerEndpoint({ port: 0 }),
  ]);
  for (const target of ['red5', 'jitsi', 'rtcstats', 'stream-keys']) {
    const input = { Name: `streampass/local/${target}`, SecretString: SECRET };
    const { error } = secrets.execute('CreateSecret', { ClientRequestToken: crypto.randomUUID(), ...input });
    if (error) throw error;
  }
  ({ idToken } = await signIn({ issuer: provider.issuer, user: 'viewer' }));
  host = await startFunctionHost({
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    OIDC_ISSUER: provider.issuer,
    OIDC_AUDIENCE: 'streampass-demo',
    NODE_OPTIONS: `--import ${LAYER}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    LAMBDA_TASK_ROOT: PROJECT,
    _HANDLER: 'dist/functions/token.handler',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  });
});

afterAll(async () => {
  await host?.close();
  await secrets?.close();
  await provider?.close();
  collector.close();
});

/** Sends one request, and gives the spans that the collector got of it. */
async function traced(changes: Partial<ApiGatewayEvent> = {}) {
  received.length = 0;
  const event = tokenEvent({ subject_token: idToken, audience: 'red5', room: 'public-1' }, changes);
  const headers = {
    ...event.headers,
    'x-forwarded-proto': 'https',
    authorization: 'Bearer an-authorization-header',
    cookie: 'a-cookie=1',
  };
  const { body } = await host.invoke('token', { ...event, headers });
  await vi.waitFor(() => expect(received.join()).toContain('faas.invocation_id'), { timeout: 10_000 });
  const spans = received
    .map((one) => v.parse(exported, JSON.parse(one)))
    .flatMap(({ resourceSpans }) => resourceSpans.flatMap(({ scopeSpans }) => scopeSpans))
    .flatMap(({ scope, spans: ofScope }) =>
      ofScope.map(({ attributes }) => ({ by: scope.name, attributes })),
    );
  return { spans, sent: received.join(), answer: JSON.parse(body) as { readonly access_token?: string } };
}

test('a span of the function and one of each request that it sends reach a collector, and hold no token, secret or header', async () => {
  const { spans, sent, answer } = await traced();
  expect(new Set(spans.map(({ by }) => by))).toEqual(
    new Set(['@opentelemetry/instrumentation-aws-lambda', '@opentelemetry/instrumentation-http']),
  );
  // The collector was told of the requests that matter.
  expect(sent).toContain('https://api.example.com/token');
  expect(sent).toContain(secrets.url);
  const { access_token: token = '' } = answer;
  expect(token).toMatch(/^eyJ/);
  const secretThings = [token, idToken].flatMap((jwt) => jwt.split('.').slice(1));
  for (const one of [...secretThings, SECRET, 'an-authorization-header', 'a-cookie', 'AWS4-HMAC']) {
    expect(sent).not.toContain(one);
  }
});

test('what a client puts into the address is in url.full alone, which docs/telemetry.md has the collector delete', async () => {
  const { spans, answer } = await traced({ queryStringParameters: { subject_token: idToken } });
  expect(answer.access_token).toBeDefined();
  const holders = spans.flatMap(({ attributes }) =>
    attributes.filter(({ value }) => JSON.stringify(value).includes(idToken)).map(({ key }) => key),
  );
  expect(holders).toEqual(['url.full']);
});
