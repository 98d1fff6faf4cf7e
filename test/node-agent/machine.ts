import { execFile, spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseNodeReport, type NodeReport } from '../../lib/fleet/node-report.ts';
import { PROJECT } from '../support/project.ts';
import { createSecretsManagerEndpoint } from '../../local/secrets-manager/endpoint.ts';

/** The agent as it is installed. */
export const AGENT = join(PROJECT, 'dist/node/streampass-node.mjs');

/** What one run of the agent said. */
export interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly report: NodeReport | undefined;
}

export interface Version {
  readonly versionId: string;
  readonly text: string;
}

/** A machine with a media server's file, the agent's settings, and a Secrets Manager. */
export interface Machine extends AsyncDisposable {
  readonly folder: string;
  readonly config: string;
  readonly arn: string;
  readonly env: Readonly<Record<string, string>>;
  /** Makes a version with these labels. */
  put(text: string, ...labels: readonly string[]): Version;
  execute(operation: string, input: Readonly<Record<string, unknown>>): void;
  settings(more?: Readonly<Record<string, string>>): void;
  run(...args: readonly string[]): Promise<Run>;
  start(...args: readonly string[]): ChildProcess;
  read(): string;
  /** Paths of the files below the folder that hold a text. */
  filesWith(text: string): readonly string[];
}

const FILES: Readonly<Record<string, readonly [string, (secret: string) => string]>> = {
  red5: [
    'red5-web.properties',
    (secret) => `# kept\nauth.active=true\njwt.secret=${secret}\njwt.ttl.minutes=60\njwt.issuer=streampass\n`,
  ],
  jitsi: [
    'meet.cfg.lua',
    (secret) => `VirtualHost "meet.example.com"\n  app_id = "streampass"\n  app_secret = "${secret}"\n`,
  ],
  antmedia: [
    'red5-web.properties',
    (secret) => `settings.jwtStreamSecretKey=${secret}\nsettings.publishJwtControlEnabled=true\n`,
  ],
  rtcstats: ['production.yaml', (secret) => `authorization:\n  jwtSecret: ${secret}\n`],
};

/** The file of a kind of server, with a secret. */
export function fileOf(kind: string, secret: string): string {
  return FILES[kind]![1](secret);
}

export async function createMachine(
  kind = 'red5',
  held = 'a-secret-that-nobody-knows-any-more-0001',
): Promise<Machine> {
  const endpoint = await createSecretsManagerEndpoint({ port: 0 });
  const created = endpoint.execute('CreateSecret', {
    Name: `streampass/${kind}`,
    ClientRequestToken: crypto.randomUUID(),
  });
  if (created.error) throw created.error;
  const { ARN: arn } = created.output as { ARN: string };
  const folder = mkdtempSync(join(tmpdir(), 'streampass-machine-'));
  mkdirSync(join(folder, 'server'));
  mkdirSync(join(folder, 'etc'));
  const config = join(folder, 'server', FILES[kind]![0]);
  writeFileSync(config, fileOf(kind, held), { mode: 0o640 });
  const env = {
    PATH: process.env['PATH'] ?? '',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint.url,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    STREAMPASS_CONF_DIR: join(folder, 'etc'),
  };
  const machine: Machine = {
    folder,
    config,
    arn,
    env,
    put(text, ...labels) {
      const versionId = crypto.randomUUID();
      const { error } = endpoint.execute('PutSecretValue', {
        SecretId: arn,
        ClientRequestToken: versionId,
        SecretString: text,
        VersionStages: labels,
      });
      if (error) throw error;
      return { versionId, text };
    },
    execute(operation, input) {
      const { error } = endpoint.execute(operation, { SecretId: arn, ...input });
      if (error) throw error;
    },
    settings(more = {}) {
      const values: Record<string, string> = { kind, secret: arn, config, reload: 'true', ...more };
      const lines = Object.entries(values).flatMap(([name, value]) =>
        value === '' ? [] : [`${name}=${value}`],
      );
      writeFileSync(join(folder, 'etc', `${kind}.conf`), `${lines.join('\n')}\n`, { mode: 0o600 });
    },
    run: (...args) =>
      new Promise((resolve) => {
        execFile(process.execPath, [AGENT, ...args], { env, timeout: 15_000 }, (error, stdout, stderr) => {
          const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          resolve({ status, stdout, stderr, report: parseNodeReport(stdout) });
        });
      }),
    start: (...args) => spawn(process.execPath, [AGENT, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] }),
    read: () => readFileSync(config, 'utf8'),
    filesWith: (text) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => {
        const path = join(folder, name);
        return existsSync(path) && statSync(path).isFile() && readFileSync(path, 'utf8').includes(text);
      }),
    async [Symbol.asyncDispose]() {
      rmSync(folder, { recursive: true, force: true });
      await endpoint.close();
    },
  };
  machine.settings();
  return machine;
}
