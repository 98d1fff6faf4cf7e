import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadConfigFile } from '../build/load-config-file.ts';
import { secretsOf } from '../lib/config/secrets.ts';
import type { Config } from '../lib/config/config.ts';
import { inStage, localSecretOf, type StandIns } from '../lib/config/stand-ins.ts';
import type { ConfiguredTarget } from '../lib/media-servers/target.ts';
import type { RotationReport } from '../lib/rotation/report.ts';
import { startApi } from './api.ts';
import type { Api } from './api.ts';
import type { DemoServer } from './demo/demo-config.ts';
import { startDemoPage } from './demo/server.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { MediaServerKind } from './media-servers/rules/index.ts';
import { createDynamoEndpoint } from './dynamodb/endpoint.ts';
import { createKmsEndpoint } from './kms/endpoint.ts';
import {
  demoClient,
  demoClientId,
  localService,
  serviceAudience,
  serviceClient,
} from './oidc-provider/client.ts';
import { startOidcProvider } from './oidc-provider/provider.ts';
import { usersFor, type LocalUser } from './oidc-provider/users.ts';
import { serverPorts, takenPorts } from './ports.ts';
import type { Ports } from './ports.ts';
import { createSecretsManagerEndpoint } from './secrets-manager/endpoint.ts';
import type { SecretsManagerEndpoint } from './secrets-manager/endpoint.ts';
import { seedEmptySecrets } from './secrets-manager/seed.ts';
import { hasMediaServer, startTargetServers, type TargetServers } from './target-servers.ts';

/** What the local stack is started with. */
export interface StackOptions {
  readonly ports: Ports;
  /** Where secrets, keys and the servers' config files outlive the process. */
  readonly stateDir: string;
  /** `demo` has short lifetimes, so that a whole rotation can be watched. */
  readonly profile: 'default' | 'demo';
  /** Media server nodes a target; default 3. */
  readonly nodes?: number;
  /** How long a sign-in lasts; default 3600 seconds. */
  readonly idTokenTtlSeconds?: number;
  /** The folder of the configuration and of what was built from it; default: this repository. */
  readonly project?: string;
  /** More environment for the functions. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A target of the configuration, and what stands for its servers. */
export interface LocalTarget {
  readonly target: ConfiguredTarget;
  readonly servers: TargetServers;
}

/** The whole service on one machine. */
export interface Stack {
  readonly urls: Readonly<Record<'api' | 'oidc' | 'secrets' | 'kms' | 'page', string>>;
  /** The addresses of media servers, by target. */
  readonly servers: Readonly<Record<string, string>>;
  /** By name. */
  readonly targets: Readonly<Record<string, LocalTarget>>;
  /** Who can sign in. */
  readonly users: readonly LocalUser[];
  /** Where what the functions print goes. */
  readonly logFile: string;
  /** Nobody answers at the API's address until `resume`, as in an outage. */
  readonly api: Pick<Api, 'pause' | 'resume'>;
  /** Runs the `rotate` function once. */
  readonly rotate: (event: unknown) => Promise<RotationReport>;
  /** Ends everything that was started, last first, and frees the ports. */
  readonly close: () => Promise<void>;
}

const root = join(import.meta.dirname, '..');
/** The name of the secret that media servers show when they ask about a token. */
export const CALLERS_SECRET = localSecretOf('callers');
/** From the end of one `advance` to the next, in milliseconds: a minute as when deployed; the demo's waits are of seconds. */
const TICK_MS = { default: 60_000, demo: 2000 } as const;
/** How long the servers of a fresh stack may take to hold their first secrets, in milliseconds. */
const FIRST_SECRETS_MS = 60_000;
/** Between two `advance` until they do, in milliseconds. */
const FIRST_TICK_MS = 200;

/**
 * Starts all of it with the project's configuration: Secrets Manager endpoint, OpenID provider, media servers, API and demo
 * page; then has `rotate` make the first secrets and bring them to the servers.
 *
 * @throws {Error} a line for each thing that is wrong; nothing is left running then
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { ports, stateDir, profile, nodes = 3, project = root } = options;
  const urls = {
    api: `http://localhost:${ports.api}`,
    oidc: `http://localhost:${ports.oidc}`,
    secrets: `http://127.0.0.1:${ports.secrets}`,
    kms: `http://127.0.0.1:${ports.kms}`,
    page: `http://localhost:${ports.page}`,
  };
  const env = {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: urls.secrets,
    AWS_ENDPOINT_URL_KMS: urls.kms,
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${ports.dynamodb}`,
    DENY_TABLE: 'deny',
    STREAMS_TABLE: 'streams',
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    OIDC_ISSUER: urls.oidc,
    OIDC_AUDIENCE: demoClientId,
    PUBLIC_URL: urls.api,
    RED5_ADDRESS: `http://localhost:${ports.red5}`,
    RED5_CALLER_SECRET_ID: CALLERS_SECRET,
    STREAMPASS_STAGE: 'local',
    STREAMPASS_PROFILE: profile,
    ...options.env,
  };
  const { config: written, problems } = await loadConfigFile(join(project, 'streampass.config.ts'), {
    stage: 'local',
    env: { ...process.env, ...env },
  });
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const issuer = {
    issuer: urls.oidc,
    audience: demoClientId,
    services: { clientId: localService.clientId, audience: serviceAudience },
  };
  const config = inStage(written, {
    stage: 'local',
    env: { ...env, STREAMPASS_STAND_INS: JSON.stringify({ issuer, fleets: {} } satisfies StandIns) },
  });
  const { red5: _red5, jitsi: _jitsi, rtcstats: _rtcstats, further: _further, ...own } = ports;
  const servers = serverPorts(ports, kindsOf(config));
  const taken = await takenPorts({ ...own, ...servers });
  if (taken.length > 0) throw new Error(taken.join('\n'));
  await mkdir(stateDir, { recursive: true, mode: 0o700 });

  const started: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(part: T): T => {
    started.push(part);
    return part;
  };
  async function close(): Promise<void> {
    for (const part of started.splice(0).toReversed()) await part.close();
  }

  try {
    const secrets = keep(
      await createSecretsManagerEndpoint({ port: ports.secrets, stateFile: join(stateDir, 'secrets.json') }),
    );
    if (Object.values(config.targets).some(({ signer }) => signer !== undefined)) {
      keep(await createKmsEndpoint({ port: ports.kms, stateFile: join(stateDir, 'kms.json') }));
    }
    keep(await createDynamoEndpoint({ port: ports.dynamodb, path: join(stateDir, 'dynamodb') }));
    seedEmptySecrets(
      secrets,
      secretsOf(config).map(({ secret }) => secret),
    );
    seedCallersSecret(secrets);

    const users = usersFor(config.grants.flatMap(({ group }) => group ?? []));
    keep(
      await startOidcProvider({
        port: ports.oidc,
        clients: [demoClient({ origin: urls.page }), serviceClient()],
        users,
        keysFile: join(stateDir, 'oidc-keys.json'),
        ...(options.idTokenTtlSeconds !== undefined && { idTokenTtlSeconds: options.idTokenTtlSeconds }),
      }),
    );

    const targets: Record<string, LocalTarget> = {};
    for (const [name, target] of Object.entries(config.targets)) {
      const folder = join(stateDir, 'servers');
      const place = { folder, nodes, port: servers[name] ?? 0 };
      const standing = await startTargetServers(name, target, config, place);
      if (standing.by === 'media server') keep(standing.server);
      targets[name] = { target, servers: standing };
    }

    const logFile = join(stateDir, 'api.log');
    const standIns: StandIns = {
      issuer,
      fleets: Object.fromEntries(
        Object.entries(targets).flatMap(([name, { servers }]) =>
          'fleet' in servers ? [[name, servers.fleet]] : [],
        ),
      ),
    };
    const api = keep(
      await startApi({
        port: ports.api,
        offlinePort: ports.offline,
        allowedOrigin: urls.page,
        lambdaPort: ports.lambda,
        logFile,
        project,
        env: { ...env, STREAMPASS_STAND_INS: JSON.stringify(standIns) },
      }),
    );
    const rotate = oneAtATime(api.rotate);
    await advanceUntilServed(rotate, standIns.fleets, logFile);
    keep(startTicking(rotate, TICK_MS[profile]));
    keep(
      await startDemoPage({
        port: ports.page,
        api: urls.api,
        oidcIssuer: urls.oidc,
        servers: pageServersOf(targets),
        rotate,
        profile,
      }),
    );
    return { urls, servers: addressesOf(targets), targets, users, logFile, api, rotate, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The targets that get media servers of this stack. */
function kindsOf({ targets }: Config): Readonly<Record<string, MediaServerKind>> {
  const served = Object.entries(targets).filter(([, target]) => hasMediaServer(target));
  return Object.fromEntries(served.map(([name, { kind }]) => [name, kind as MediaServerKind]));
}

function addressesOf(targets: Stack['targets']): Stack['servers'] {
  const served = Object.entries(targets).flatMap(([name, { servers }]) =>
    servers.by === 'media server' ? [[name, servers.server.url]] : [],
  );
  return Object.fromEntries(served) as Stack['servers'];
}

function pageServersOf(targets: Stack['targets']): readonly DemoServer[] {
  return Object.entries(targets).flatMap(([target, { servers }]) =>
    servers.by === 'media server' ? [{ target, kind: servers.server.kind, url: servers.server.url }] : [],
  );
}

/** The callers' secret is not rotated here: it is made once. */
function seedCallersSecret(secrets: SecretsManagerEndpoint): void {
  if (secrets.execute('DescribeSecret', { SecretId: CALLERS_SECRET }).output) return;
  const { error } = secrets.execute('CreateSecret', {
    Name: CALLERS_SECRET,
    ClientRequestToken: randomUUID(),
    SecretString: randomBytes(32).toString('base64url'),
  });
  if (error) throw error;
}

/** A rotation that an earlier start left under way goes on later; the servers only have to hold a secret. */
async function advanceUntilServed(
  rotate: Stack['rotate'],
  fleets: StandIns['fleets'],
  logFile: string,
): Promise<void> {
  for (
    const until = performance.now() + FIRST_SECRETS_MS;
    performance.now() < until;
    await delay(FIRST_TICK_MS)
  ) {
    const targets = Object.entries((await rotate({ action: 'advance' })).targets);
    const isServed = targets.every(
      ([name, { current, nodes }]) =>
        current !== null &&
        (!Object.hasOwn(fleets, name) || nodes.length > 0) &&
        nodes.every(({ holds }) => holds !== null),
    );
    if (isServed) return;
  }
  throw new Error(`the media servers did not get their first secrets: see ${relative(root, logFile)}`);
}

/** The schedule: the next `advance` begins a while after the last one ended. */
function startTicking(rotate: Stack['rotate'], everyMs: number): { close(): Promise<void> } {
  const end = Promise.withResolvers<void>();
  let ended = false;
  const ticking = (async () => {
    while (!ended) {
      await rotate({ action: 'advance' }).catch(() => undefined);
      await Promise.race([end.promise, new Promise((resolve) => setTimeout(resolve, everyMs).unref())]);
    }
  })();
  return {
    async close() {
      ended = true;
      end.resolve();
      await ticking;
    },
  };
}
