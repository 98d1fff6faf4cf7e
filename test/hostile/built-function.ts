import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { vi } from 'vitest';
import { createSecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import type { ApiGatewayResponse } from '../../lib/api-gateway/event.ts';
import { PROJECT } from '../support/project.ts';
import { AUDIENCE, startTokenIssuer } from './token-issuer.ts';
import type { TokenIssuer } from './token-issuer.ts';

/** A built function, with a provider and a Secrets Manager of its own. */
export interface BuiltFunction {
  readonly issuer: TokenIssuer;
  /** Whatever a Lambda runtime could hand over: no type is promised. */
  readonly handler: (event: unknown, context?: unknown) => Promise<ApiGatewayResponse>;
  /** Each target's secret. */
  readonly secrets: ReadonlyMap<string, string>;
  /** All that it has written to its log. */
  log(): string;
  close(): Promise<void>;
}

/** Starts the bundle that is deployed, `token` unless told. Ports are free ones; nothing but loopback is reached. */
export async function startBuiltFunction(name = 'token'): Promise<BuiltFunction> {
  const bundlePath = join(PROJECT, `dist/functions/${name}.mjs`);
  const issuer = await startTokenIssuer();
  const endpoint = await createSecretsManagerEndpoint({ port: 0 });
  const secrets = new Map<string, string>();
  for (const target of ['red5', 'jitsi', 'rtcstats']) {
    const SecretString = `${target}-${randomUUID()}${randomUUID()}`;
    secrets.set(target, SecretString);
    const { error } = endpoint.execute('CreateSecret', {
      Name: `streampass/local/${target}`,
      ClientRequestToken: randomUUID(),
      SecretString,
    });
    if (error) throw error;
  }
  for (const [name, value] of Object.entries({
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    OIDC_ISSUER: issuer.issuer,
    OIDC_AUDIENCE: AUDIENCE,
    COGNITO_USER_POOL_ID: undefined,
    PUBLIC_URL: undefined,
    STREAMPASS_PROFILE: undefined,
  })) {
    vi.stubEnv(name, value);
  }
  const written: string[] = [];
  const stdout = vi
    .spyOn(process.stdout, 'write')
    .mockImplementation((chunk) => written.push(String(chunk)) > 0);
  // A query makes it a module of its own, so that no other test's start is shared.
  const bundle = (await import(`${pathToFileURL(bundlePath).href}?${randomUUID()}`)) as Pick<
    BuiltFunction,
    'handler'
  >;
  return {
    issuer,
    handler: bundle.handler,
    secrets,
    log: () => written.join(''),
    async close() {
      stdout.mockRestore();
      vi.unstubAllEnvs();
      await endpoint.close();
      await issuer.close();
    },
  };
}
