import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { vi } from 'vitest';
import { createSecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';
import type { ApiGatewayResponse } from '../../lib/api-gateway/event.ts';
import { bundleFunction } from '../../build/bundle.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import type { SigningKey } from '../../lib/jws/sign.ts';
import { kidOf } from '../../lib/signing-keys/secret.ts';
import { PROJECT, ROOT } from '../support/project.ts';
import { AUDIENCE, startTokenIssuer } from './token-issuer.ts';
import type { TokenIssuer } from './token-issuer.ts';

/** A built function, with a provider and a Secrets Manager of its own. */
export interface BuiltFunction {
  readonly issuer: TokenIssuer;
  /** Whatever a Lambda runtime could hand over: no type is promised. */
  readonly handler: (event: unknown, context?: unknown) => Promise<ApiGatewayResponse>;
  /** Each target's secret. */
  readonly secrets: ReadonlyMap<string, string>;
  /** What a secret signs with. */
  readonly signingKey: (secretName: string) => SigningKey;
  /** All that it has written to its log. */
  log(): string;
  close(): Promise<void>;
}

/** Which function, and what it is given. */
export interface BuiltFunctionOptions {
  readonly name: string;
  /** A configuration of its own, with which it is bundled; default: the fixture. */
  readonly config?: string;
  /** The secrets that are there; default: those of the fixture's targets. */
  readonly secrets?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the bundle that is deployed, `token` unless told. Ports are free ones; nothing but loopback is reached. */
export async function startBuiltFunction(
  { name, config, secrets: secretNames = ['red5', 'jitsi', 'rtcstats'], env = {} }: BuiltFunctionOptions = {
    name: 'token',
  },
): Promise<BuiltFunction> {
  const folder = await mkdtemp(join(tmpdir(), 'streampass-hostile-'));
  const bundlePath =
    config === undefined ? join(PROJECT, `dist/functions/${name}.mjs`) : join(folder, `${name}.mjs`);
  if (config !== undefined) await bundleFunction(join(ROOT, `functions/${name}.ts`), bundlePath, config);
  const issuer = await startTokenIssuer();
  const endpoint = await createSecretsManagerEndpoint({ port: 0 });
  const secrets = new Map<string, string>();
  const keys = new Map<string, SigningKey>();
  for (const target of secretNames) {
    const SecretString = `${target}-${randomUUID()}`;
    const versionId = randomUUID();
    secrets.set(target, SecretString);
    keys.set(target, { alg: 'HS256', kid: kidOf(versionId), key: hmacKey(SecretString) });
    const { error } = endpoint.execute('CreateSecret', {
      Name: `streampass/local/${target}`,
      ClientRequestToken: versionId,
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
    ...env,
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
    signingKey(secretName) {
      const key = keys.get(secretName);
      if (key === undefined) throw new Error(`there is no secret ${secretName}`);
      return key;
    },
    log: () => written.join(''),
    async close() {
      stdout.mockRestore();
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true });
      await endpoint.close();
      await issuer.close();
    },
  };
}
