import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { RotationReport } from '../lib/rotation/report.ts';
import { startApi } from './api.ts';
import type { Api } from './api.ts';
import { startDemoPage } from './demo/server.ts';
import { configFileName, writeDefaultConfigFile } from './media-servers/config-templates.ts';
import { startMediaServer } from './media-servers/start-media-server.ts';
import type { MediaServer } from './media-servers/start-media-server.ts';
import { demoClient, demoClientId } from './oidc-provider/client.ts';
import { startOidcProvider } from './oidc-provider/provider.ts';
import { takenPorts } from './ports.ts';
import type { Ports } from './ports.ts';
import { createSecretsManagerEndpoint } from './secrets-manager/endpoint.ts';
import { seedEmptySecrets } from './secrets-manager/seed.ts';

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

/** The whole service on one machine. */
export interface Stack {
  readonly urls: Readonly<
    Record<'api' | 'oidc' | 'secrets' | 'page' | 'red5' | 'jitsi' | 'rtcstats', string>
  >;
  /** Where what the functions print goes. */
  readonly logFile: string;
  readonly mediaServers: Readonly<Record<TargetName, MediaServer>>;
  /** Nobody answers at the API's address until `resume`, as in an outage. */
  readonly api: Pick<Api, 'pause' | 'resume'>;
  /** Runs the `rotate` function once. */
  readonly rotate: (event: unknown) => Promise<RotationReport>;
  /** Ends everything that was started, last first, and frees the ports. */
  readonly close: () => Promise<void>;
}

const TARGETS = ['red5', 'jitsi', 'rtcstats'] as const;
type TargetName = (typeof TARGETS)[number];

const root = join(import.meta.dirname, '..');
const RELOAD = join(import.meta.dirname, 'media-servers/reload.ts');
/** Between two `advance` of the demo profile, in milliseconds: its waits are of seconds. */
const DEMO_TICK_MS = 2000;
/** Most `advance` until a fresh stack's servers hold their first secrets. */
const FIRST_ADVANCES = 40;

/**
 * Starts all of it: Secrets Manager endpoint, OpenID provider, media servers, API and demo page; then has `rotate` make the
 * first secrets and bring them to the servers.
 *
 * @throws {Error} a line for each thing that is wrong; nothing is left running then
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { ports, stateDir, profile, nodes = 3, project = root } = options;
  const taken = await takenPorts(ports);
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
    seedEmptySecrets(secrets);

    const page = `http://localhost:${ports.page}`;
    const provider = keep(
      await startOidcProvider({
        port: ports.oidc,
        clients: [demoClient({ origin: page })],
        keysFile: join(stateDir, 'oidc-keys.json'),
        ...(options.idTokenTtlSeconds !== undefined && { idTokenTtlSeconds: options.idTokenTtlSeconds }),
      }),
    );

    const mediaServers = {} as Record<TargetName, MediaServer>;
    const fleets: Record<string, string> = {};
    for (const kind of TARGETS) {
      const files = Array.from({ length: nodes }, (_, index) =>
        join(stateDir, 'servers', `${kind}-${index}`, configFileName[kind]),
      );
      for (const file of files) await writeDefaultConfigFile(kind, file);
      mediaServers[kind] = keep(await startMediaServer({ kind, port: ports[kind], files }));
      const name = kind.toUpperCase();
      fleets[`${name}_SERVER_FILES`] = files.join(':');
      fleets[`${name}_SERVER_RELOAD`] = `${process.execPath} ${RELOAD} {file}`;
      fleets[`${name}_SERVER_PROBE`] = `http://localhost:${ports[kind]}`;
    }

    const logFile = join(stateDir, 'api.log');
    const apiUrl = `http://localhost:${ports.api}`;
    const api = keep(
      await startApi({
        port: ports.api,
        offlinePort: ports.offline,
        allowedOrigin: page,
        lambdaPort: ports.lambda,
        logFile,
        project,
        env: {
          AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
          AWS_REGION: 'eu-west-1',
          AWS_ACCESS_KEY_ID: 'local',
          AWS_SECRET_ACCESS_KEY: 'local',
          OIDC_ISSUER: provider.issuer,
          OIDC_AUDIENCE: demoClientId,
          PUBLIC_URL: apiUrl,
          STREAMPASS_PROFILE: profile,
          ...fleets,
          ...options.env,
        },
      }),
    );
    await advanceUntilServed(api.rotate, logFile);
    if (profile === 'demo') keep(startTicking(api.rotate));

    const urls = {
      api: apiUrl,
      oidc: provider.issuer,
      secrets: secrets.url,
      page,
      red5: mediaServers.red5.url,
      jitsi: mediaServers.jitsi.url,
      rtcstats: mediaServers.rtcstats.url,
    };
    keep(
      await startDemoPage({
        port: ports.page,
        api: apiUrl,
        oidcIssuer: provider.issuer,
        servers: { red5: urls.red5, jitsi: urls.jitsi, rtcstats: urls.rtcstats },
        rotate: api.rotate,
        profile,
      }),
    );
    return { urls, logFile, mediaServers, api, rotate: api.rotate, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A rotation that an earlier start left under way goes on later; the servers only have to hold a secret. */
async function advanceUntilServed(rotate: Stack['rotate'], logFile: string): Promise<void> {
  for (let count = 0; count < FIRST_ADVANCES; count += 1) {
    const { targets } = await rotate({ action: 'advance' });
    const nodes = Object.values(targets).flatMap((target) => target.nodes);
    if (nodes.length > 0 && nodes.every(({ holds }) => holds !== null)) return;
  }
  throw new Error(`the media servers did not get their first secrets: see ${relative(root, logFile)}`);
}

/** The demo profile's schedule: the next `advance` begins a while after the last one ended. */
function startTicking(rotate: Stack['rotate']): { close(): Promise<void> } {
  const end = Promise.withResolvers<void>();
  let ended = false;
  const ticking = (async () => {
    while (!ended) {
      await rotate({ action: 'advance' }).catch(() => undefined);
      await Promise.race([end.promise, new Promise((resolve) => setTimeout(resolve, DEMO_TICK_MS).unref())]);
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
