import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createSecretsReader } from '../../lib/aws/secrets-reader.ts';
import { dynamoNodeTable } from '../../lib/aws/node-table.ts';
import { createLiveVersions } from '../../lib/fleet/live-versions.ts';
import { receiveMessage, reportedServers } from '../../lib/fleet/reported.ts';
import { red5 } from '../../lib/media-servers/index.ts';
import { red5Properties } from '../../lib/media-servers/red5/config-file.ts';
import { versionLabelled } from '../../lib/signing-keys/labels.ts';
import { createDynamoEndpoint, type DynamoEndpoint } from '../../local/dynamodb/endpoint.ts';
import {
  createSecretsManagerEndpoint,
  type SecretsManagerEndpoint,
} from '../../local/secrets-manager/endpoint.ts';
import type { Settings } from '../../node-agent/settings.ts';
import { createWatcher, type Watcher } from '../../node-agent/watch.ts';
import { sdkClient } from '../local/secrets-manager/sdk-client.ts';
import { now, rotatedService, START } from '../support/whole-rotation.ts';
import { fileOf } from './machine.ts';

/**
 * A whole rotation, on a virtual clock, of a fleet that reports: the real agent beside each server, the real table, key ring and
 * reconciler. Meanwhile servers stop and come back, agents are killed, and a part of the fleet is cut off.
 */

const NODES = 200;
/** Between two looks: in the waits as long as an agent may be silent. */
const STEP_SECONDS = { pushing: 60, waiting: 150 };

/** A media server: it holds what it read when it was last started or reloaded. */
interface MediaServer {
  readonly settings: Settings;
  readonly loadedFile: string;
  watcher: Watcher;
  /** Takes connections. */
  isUp: boolean;
  /** Its agent is killed, or cut off from everything. */
  isCutOff: boolean;
}

let secrets: SecretsManagerEndpoint;
let dynamo: DynamoEndpoint;
let api: Server;
let folder: string;
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: START * 1000 });
  secrets = await createSecretsManagerEndpoint({ port: 0 });
  dynamo = await createDynamoEndpoint({ port: 0 });
  folder = mkdtempSync(join(tmpdir(), 'streampass-fleet-'));
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', secrets.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'x');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
});
afterEach(() => void api?.close());
afterAll(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([secrets.close(), dynamo.close()]);
});

test('200 agents follow a rotation: stopped, killed and cut off, and no connection is refused', async () => {
  const target = red5({
    secret: 'streampass/red5',
    issuer: 'streampass',
    longestToken: 600,
    fleet: { by: 'reported' },
  });
  const created = secrets.execute('CreateSecret', {
    Name: 'streampass/red5',
    ClientRequestToken: crypto.randomUUID(),
  });
  if (created.error) throw created.error;
  const { ARN: arn } = created.output as { ARN: string };
  const table = dynamoNodeTable(
    'nodes',
    new DynamoDBClient({
      endpoint: dynamo.url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    }),
  );
  const within = <T>(work: Promise<T>) => work;
  const live = createLiveVersions({
    secret: arn,
    reader: createSecretsReader(sdkClient(secrets)),
    now,
    within,
  });
  // As functions/nodes.ts answers.
  api = createServer((request, response) => {
    void (async () => {
      let token = '';
      for await (const part of request) token += String(part);
      const { versions, servers = null } = await live(5);
      const received = await receiveMessage(token, {
        target: 'red5',
        versions,
        table,
        goneAfter: 86_400,
        now: now(),
      });
      response.writeHead(received.ok ? 200 : 401, { 'content-type': 'application/json' });
      response.end(JSON.stringify(received.ok ? { servers } : received));
    })();
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  const report = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;

  const settingsProblems = () => [];
  const fleet = reportedServers({ target: 'red5', table, goneAfter: 86_400, settingsProblems, now });
  const service = rotatedService(secrets, target, { ...fleet, probe: async () => ({ accepted: true }) });
  await service.rotate('advance');

  const servers = Array.from({ length: NODES }, (_, index): MediaServer => {
    mkdirSync(join(folder, String(index)));
    const config = join(folder, String(index), 'red5-web.properties');
    const loadedFile = join(folder, String(index), 'loaded');
    writeFileSync(config, fileOf('red5', ''), { mode: 0o600 });
    const settings: Settings = {
      target: 'red5',
      kind: 'red5',
      secret: arn,
      config,
      reload: `cp ${config} ${loadedFile}`,
      reload_seconds: 60,
      ready_seconds: 60,
      turn_seconds: 40,
      report,
      node: `node-${index}`,
    };
    const watcher = createWatcher(settings, () => undefined);
    return { settings, loadedFile, watcher, isUp: false, isCutOff: false };
  });
  const turn = async (some: readonly MediaServer[]) => {
    for (let at = 0; at < some.length; at += 25) {
      await Promise.all(
        some.slice(at, at + 25).map(async ({ watcher }) => {
          while (await watcher.turn());
        }),
      );
    }
  };
  // As `boot` does: a server takes connections once its first report has been taken.
  const boot = async (some: readonly MediaServer[]) => {
    await turn(some);
    for (const server of some) server.isUp = true;
  };
  await boot(servers);

  const tokens: { readonly accepted: ReadonlySet<string>; readonly expiresAt: number }[] = [];
  let connections = 0;
  let rejected = 0;
  const phases: string[] = [];
  const reasons: string[] = [];
  const stopped = servers.slice(0, 20);
  const killed = servers.slice(20, 40);
  const cutOff = servers.slice(40, 60);
  let heldUp = 0;

  for (let step = 0; step < 100; step++) {
    const { phase = '', nodes = [] } = (await service.rotate(step === 3 ? 'start' : 'advance')) ?? {};
    if (phases.at(-1) !== phase) {
      phases.push(phase);
      if (phase === 'announced') {
        for (const server of stopped) {
          await server.watcher.goodbye();
          server.isUp = false;
        }
      }
      if (phase === 'pushing') {
        // Those that stopped come back in the middle; their agents are new processes.
        for (const server of stopped) server.watcher = createWatcher(server.settings, () => undefined);
        await boot(stopped);
        heldUp = step;
        // They still hold the old secret, and take connections all the while.
        for (const server of [...killed, ...cutOff]) server.isCutOff = true;
      }
    }
    if (phase === 'pushing' && step === heldUp + 6) {
      reasons.push(...nodes.flatMap(({ problem }) => problem ?? []));
      // The network works again; killed agents are started again by their supervisor.
      for (const server of killed) server.watcher = createWatcher(server.settings, () => undefined);
      for (const server of [...killed, ...cutOff]) server.isCutOff = false;
    }
    if (step > 3 && phase === 'steady') break;

    tokens.push({ accepted: acceptedBy(secrets, arn), expiresAt: now() + target.longestToken });
    while (tokens[0] !== undefined && tokens[0].expiresAt <= now()) tokens.shift();
    for (const { isUp, loadedFile } of servers) {
      if (!isUp) continue;
      const held = red5Properties.readSecret(readFileSync(loadedFile, 'latin1'));
      for (const token of [tokens[0], tokens[Math.floor(tokens.length / 2)], tokens.at(-1)]) {
        if (token === undefined) continue;
        connections++;
        if (!held.ok || !token.accepted.has(held.secret)) rejected++;
      }
    }
    const seconds = phase === 'pushing' ? STEP_SECONDS.pushing : STEP_SECONDS.waiting;
    vi.setSystemTime(Date.now() + seconds * 1000);
    await turn(servers.filter(({ isCutOff, isUp }) => !isCutOff && isUp));
  }
  expect(phases).toEqual(['steady', 'announced', 'pushing', 'promoted', 'steady']);
  expect(reasons.filter((reason) => reason.startsWith('has not reported for'))).toHaveLength(
    killed.length + cutOff.length,
  );
  expect(connections).toBeGreaterThan(20_000);
  expect(rejected).toBe(0);
}, 600_000);

/** The secrets under which a token set that is issued now is signed: of the current version, and the fallback's. */
function acceptedBy(endpoint: SecretsManagerEndpoint, arn: string): ReadonlySet<string> {
  const described = endpoint.execute('DescribeSecret', { SecretId: arn });
  if (described.error) throw described.error;
  const { VersionIdsToStages: stages } = described.output as { VersionIdsToStages: Record<string, string[]> };
  const current = versionLabelled(stages, 'AWSCURRENT');
  const others = [versionLabelled(stages, 'AWSPENDING'), versionLabelled(stages, 'AWSPREVIOUS')];
  const fallback = others.find((version) => version !== undefined && version !== current);
  return new Set(
    [current, fallback].flatMap((VersionId) => {
      if (VersionId === undefined) return [];
      const { output } = endpoint.execute('GetSecretValue', { SecretId: arn, VersionId });
      return typeof output?.['SecretString'] === 'string' ? [output['SecretString']] : [];
    }),
  );
}
