import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { RotationReport } from '../lib/rotation/report.ts';
import { startApiFront } from './api-front.ts';

const OSLS = join(import.meta.dirname, '../node_modules/serverless/bin/serverless.js');
const PRELOADED = ['refuse-foreign.ts', 'end-with-parent.ts'].map(
  (file) => `--import=${pathToFileURL(join(import.meta.dirname, file)).href}`,
);

/** The options of the API. */
export interface ApiOptions {
  readonly port: number;
  /** Where serverless-offline itself listens. */
  readonly offlinePort: number;
  readonly lambdaPort: number;
  /** The demo page's: an origin that the deployed API would allow. Here any origin of this machine is allowed. */
  readonly allowedOrigin: string;
  /** Environment of the functions, beside this process's own. */
  readonly env: Readonly<Record<string, string>>;
  /** The folder of `serverless.yml` and `dist/functions`. */
  readonly project: string;
  /** The file to which the functions and serverless-offline print. */
  readonly logFile: string;
}

/** The API as serverless-offline runs it: the built functions behind the routes of serverless.yml. */
export interface Api {
  readonly url: string;
  /** Invokes the `rotate` function and gives what it returned. */
  readonly rotate: (event: unknown) => Promise<RotationReport>;
  /** Frees the port: nothing answers there until `resume`. */
  readonly pause: () => Promise<void>;
  readonly resume: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** How long the API may take to answer its first request, in milliseconds. */
const START_TIMEOUT_MS = 60_000;

/**
 * Starts the API and waits until it answers.
 *
 * @throws {Error} one line: it ended, or did not answer in time; the log file holds the reason
 */
export async function startApi({
  port,
  offlinePort,
  lambdaPort,
  allowedOrigin,
  env,
  logFile,
  project,
}: ApiOptions): Promise<Api> {
  const log = createWriteStream(logFile, { flags: 'w', mode: 0o600 });
  const child = spawn(
    process.execPath,
    [
      ...PRELOADED,
      OSLS,
      'offline',
      'start',
      '--host=127.0.0.1',
      `--httpPort=${offlinePort}`,
      `--lambdaPort=${lambdaPort}`,
      '--stage=local',
      '--terminateIdleLambdaTime=86400',
      '--noSponsor',
    ],
    {
      cwd: project,
      env: {
        ...process.env,
        ...env,
        CORS_ORIGINS: allowedOrigin,
        SLS_TELEMETRY_DISABLED: '1',
        SLS_NOTIFICATIONS_MODE: 'off',
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Ctrl-C is for the process that ends this one.
      detached: true,
    },
  );
  child.stdout?.pipe(log);
  child.stderr?.pipe(log);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let running = true;
  void ended.then(() => (running = false));

  let front: { close: () => Promise<void> } | undefined;

  async function resume(): Promise<void> {
    front = await startApiFront({ port, behind: offlinePort, allowedOrigin });
  }

  async function pause(): Promise<void> {
    await front?.close();
    front = undefined;
  }

  async function close(): Promise<void> {
    await pause();
    if (child.connected) child.disconnect();
    await ended;
    log.end();
  }

  const url = `http://localhost:${port}`;
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(`http://127.0.0.1:${offlinePort}/.well-known/oauth-authorization-server`))) {
    if (!running || Date.now() > deadline) {
      await close();
      throw new Error(`the API did not start: see ${logFile}`);
    }
    await delay(100);
  }
  try {
    await resume();
  } catch (error) {
    await close();
    throw error;
  }
  return { url, rotate: (event) => invokeRotate(lambdaPort, event), pause, resume, close };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

/** @throws {Error} what the function threw, as Lambda's invoke API tells it */
async function invokeRotate(lambdaPort: number, event: unknown): Promise<RotationReport> {
  const response = await fetch(
    `http://127.0.0.1:${lambdaPort}/2015-03-31/functions/streampass-local-rotate/invocations`,
    { method: 'POST', body: JSON.stringify(event), signal: AbortSignal.timeout(120_000) },
  );
  const answer = (await response.json()) as RotationReport & { readonly errorMessage?: string };
  if (answer.errorMessage !== undefined) throw new Error(answer.errorMessage);
  return answer;
}
