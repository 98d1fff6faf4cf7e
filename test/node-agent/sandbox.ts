import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const script = join(import.meta.dirname, '../../node-agent/streampass-node.sh');
const fakeAws = join(import.meta.dirname, 'fake-aws.mjs');

export const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:streampass/red5-AbCdEf';

/** A kind of server: its config with the secret's place marked by `@@`, everything else to stay byte for byte. */
export const SERVERS = {
  red5: {
    file: 'red5-web.properties',
    config: `# Red5 Pro: jwt.secret=not-this-one\r\nauth.active=true\r\njwt.secret=@@\r\njwt.ttl.minutes = 60\nnote=it goes on \\\n  jwt.secret=nor-this-one\njwt.issuer:streampass`,
    written: (secret: string) => secret,
    settings: { 'auth.active': 'true', 'jwt.ttl.minutes': '60', 'jwt.issuer': 'streampass' },
  },
  jitsi: {
    file: 'meet.cfg.lua',
    config: `-- app_secret = "not this one"\n--[[ app_secret = "nor\nthis" ]]\nauthentication = "internal_hashed"\nplugin_paths = { [==[app_secret = "no"]==], "caf\u00e9" }\nVirtualHost "meet.example.com"\n    authentication = "token";\n    app_id="streampass"\n    app_secret = @@ -- of both\n    allow_empty_token = false\nComponent "conference.meet.example.com" "muc"\n    app_secret_hint = 'none'\n`,
    written: (secret: string) => JSON.stringify(secret),
    settings: {
      app_id: 'streampass',
      authentication: 'token',
      allow_empty_token: 'false',
      VirtualHost: 'meet.example.com',
    },
  },
  rtcstats: {
    file: 'production.yaml',
    config: `# authorization: jwtSecret: no\nserver:\n  httpPort: 8080\n  jwtSecret: "another"\nauthorization: # who may send\n  note: |\n    jwtSecret: not this one\n  jwtSecret: @@   # of both\nafter:\n  jwtSecret: 'nor this'`,
    written: (secret: string) => JSON.stringify(secret),
    settings: {},
  },
} as const;

export type Kind = keyof typeof SERVERS;
export const KINDS = Object.keys(SERVERS) as Kind[];

/** What the script printed and how it ended. */
export interface Run {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of stdout, parsed; `undefined` after a kill. */
  readonly report: Report | undefined;
}

export interface Report {
  readonly mode?: string;
  readonly kind?: string;
  readonly versionId?: string;
  readonly fingerprint?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly problem?: string;
}

/** A secret as the rotation makes it. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** One node in a temporary folder: a server's config, the script's own settings and state, and a stand-in for the AWS CLI. */
export class Sandbox {
  readonly dir = mkdtempSync(join(tmpdir(), 'streampass-node-'));
  readonly kind: Kind;
  readonly configFile: string;
  /** Added to the script's environment. */
  env: Record<string, string> = {};

  constructor(kind: Kind, heldSecret: string) {
    this.kind = kind;
    for (const folder of ['etc', 'state', 'bin', 'server']) mkdirSync(join(this.dir, folder));
    this.configFile = join(this.dir, 'server', SERVERS[kind].file);
    writeFileSync(this.configFile, this.configWith(heldSecret), { mode: 0o640 });
    this.executable('aws', `exec '${process.execPath}' '${fakeAws}' "$@"`);
    this.configure({});
  }

  /** The whole config file with this secret in its place. */
  configWith(secret: string): string {
    return SERVERS[this.kind].config.replace('@@', () => SERVERS[this.kind].written(secret));
  }

  config(): string {
    return readFileSync(this.configFile, 'utf8');
  }

  /** How often the server was reloaded. */
  reloads(): number {
    return this.read('reloads').split('\n').length - 1;
  }

  configure(lines: Readonly<Record<string, string>>): void {
    const conf = {
      secret: ARN,
      config: this.configFile,
      reload: `echo reloaded >>'${join(this.dir, 'reloads')}'`,
      ...lines,
    };
    const text = Object.entries(conf).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(join(this.dir, 'etc', `${this.kind}.conf`), `# of this node\n\n${text.join('')}`);
  }

  /** Puts an executable of this name before all others on the script's path. */
  executable(name: string, body: string): void {
    const path = join(this.dir, 'bin', name);
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
  }

  /** Lets every program be the machine's own again. */
  undoExecutables(): void {
    rmSync(join(this.dir, 'bin'), { recursive: true });
    mkdirSync(join(this.dir, 'bin'));
  }

  /** The AWS CLI as one fixed answer, for what is not about Secrets Manager. */
  answerWith(versionId: string, secret: string): void {
    writeFileSync(join(this.dir, 'answer'), `${versionId}\t${secret}\n`);
    this.executable('aws', `cat '${join(this.dir, 'answer')}'`);
  }

  read(file: string): string {
    try {
      return readFileSync(join(this.dir, file), 'utf8');
    } catch {
      return '';
    }
  }

  /** Files, by their path in the sandbox, that hold this text. */
  filesWith(text: string): string[] {
    return readdirSync(this.dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.dir.length + 1))
      .filter((file) => this.read(file).includes(text))
      .toSorted();
  }

  apply(versionId: string, extra: readonly string[] = []): Promise<Run> {
    return this.run(['apply', '--kind', this.kind, '--secret-arn', ARN, '--version-id', versionId, ...extra]);
  }

  observe(): Promise<Run> {
    return this.run(['observe', '--kind', this.kind]);
  }

  boot(): Promise<Run> {
    return this.run(['boot', '--kind', this.kind]);
  }

  /** Runs the script in a process group of its own. */
  run(args: readonly string[]): Promise<Run> {
    const child = spawn('sh', [script, ...args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: `${join(this.dir, 'bin')}:${process.env['PATH'] ?? ''}`,
        STREAMPASS_CONF_DIR: join(this.dir, 'etc'),
        STREAMPASS_STATE_DIR: join(this.dir, 'state'),
        ...this.env,
      },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status, signal) => {
        const last = stdout.trimEnd().split('\n').at(-1) ?? '';
        const report = last === '' ? undefined : (JSON.parse(last) as Report);
        resolve({ status, signal, stdout, stderr, report });
      });
    });
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export const newVersionId = (): string => randomUUID();
