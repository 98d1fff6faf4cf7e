import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bundleFunction } from '../../build/bundle.ts';
import type { ApiGatewayResponse } from '../../lib/api-gateway/event.ts';
import { createDynamoEndpoint, type DynamoEndpoint } from '../../local/dynamodb/endpoint.ts';
import { isLinux } from '../support/lacking.ts';
import { ROOT } from '../support/project.ts';
import { AGENT, createMachine, fileOf, type Machine } from './machine.ts';
import { messageEvent, startNodesApi, type NodesApi } from './nodes-api.ts';

const FIRST = 'first-secret-first-secret-first-secret-1';
const OTHER = 'other-secret-other-secret-other-secret-2';

type Handler = (event: unknown, context: object) => Promise<ApiGatewayResponse>;

let machine: Machine;
let dynamo: DynamoEndpoint;
let api: NodesApi;
let folder: string;
let handler: Handler;
/** What the function answered, in order; while `isAway` nobody answers. */
const answers: { status: number; body: string }[] = [];
let isAway = false;

/** The function as it is deployed, with a target whose servers report. */
beforeAll(async () => {
  machine = await createMachine('red5', FIRST);
  dynamo = await createDynamoEndpoint({ port: 0 });
  folder = mkdtempSync(join(tmpdir(), 'streampass-nodes-'));
  const config = join(folder, 'streampass.config.ts');
  writeFileSync(
    config,
    `import { defineConfig, oidc, red5 } from '${ROOT}/lib/config/index.ts';
     export default defineConfig({
       issuers: [oidc({ issuer: 'https://id.example.com', audience: 'web' })],
       targets: { red5: red5({ secret: '${machine.arn}', issuer: 'streampass', fleet: { by: 'reported' } }) },
       grants: [{ target: 'red5', actions: ['publish'], rooms: ['*'], transports: ['WHIP'], ttl: 3600 }],
     });`,
  );
  await bundleFunction(join(ROOT, 'functions/nodes.ts'), join(folder, 'nodes.mjs'), config);
  for (const [name, value] of Object.entries(machine.env)) vi.stubEnv(name, value);
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', dynamo.url);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('NODES_TABLE', 'nodes');
  ({ handler } = (await import(pathToFileURL(join(folder, 'nodes.mjs')).href)) as { handler: Handler });
  api = await startNodesApi(async (body, path) => {
    if (isAway) return undefined;
    const answer = await post(body, path.split('/').at(-1));
    answers.push({ status: answer.statusCode, body: answer.body });
    return answer;
  });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
  await api.close();
  await dynamo.close();
  await machine[Symbol.asyncDispose]();
});

function post(body: string, target = 'red5'): Promise<ApiGatewayResponse> {
  return handler(messageEvent('/nodes/{target}', target, body), {});
}

/** As the entry point of a container: no settings file, everything from the environment. */
function startContainer(): ChildProcess {
  return spawn(process.execPath, [AGENT, 'watch'], {
    env: {
      ...machine.env,
      STREAMPASS_CONF_DIR: join(folder, 'none'),
      STREAMPASS_TARGET: 'red5',
      STREAMPASS_KIND: 'red5',
      STREAMPASS_SECRET: machine.arn,
      STREAMPASS_CONFIG: machine.config,
      STREAMPASS_RELOAD: 'true',
      STREAMPASS_TURN_SECONDS: '1',
      STREAMPASS_REPORT: api.url,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

test('a container follows the label, reports, goes on without streampass, and says goodbye', async () => {
  const first = machine.put(FIRST, 'AWSCURRENT', 'STREAMPASS_SERVERS');
  const container = startContainer();
  let output = '';
  for (const stream of [container.stdout, container.stderr])
    stream?.on('data', (part) => (output += String(part)));
  const ended = once(container, 'exit');
  try {
    await vi.waitFor(() => expect(answers.map(({ status }) => status)).toContain(200), 10_000);
    expect(JSON.parse(answers.at(-1)!.body)).toEqual({ servers: first.versionId });

    const next = machine.put(OTHER, 'AWSPENDING');
    machine.execute('UpdateSecretVersionStage', {
      VersionStage: 'STREAMPASS_SERVERS',
      RemoveFromVersionId: first.versionId,
      MoveToVersionId: next.versionId,
    });
    await vi.waitFor(() => expect(machine.read()).toBe(fileOf('red5', OTHER)), 15_000);

    // streampass is away: the agent asks Secrets Manager itself.
    isAway = true;
    machine.execute('UpdateSecretVersionStage', {
      VersionStage: 'STREAMPASS_SERVERS',
      RemoveFromVersionId: next.versionId,
      MoveToVersionId: first.versionId,
    });
    await vi.waitFor(() => expect(machine.read()).toBe(fileOf('red5', FIRST)), 15_000);
    isAway = false;

    // Next to no CPU, and less memory than a browser tab.
    if (isLinux) {
      const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${container.pid}/status`, 'utf8'))?.[1];
      expect(Number(rss) / 1024).toBeLessThan(80);
    }

    // Its folder is gone, even while the agent writes there: that is reported, and so is that the server stops.
    renameSync(dirname(machine.config), `${dirname(machine.config)}-gone`);
    await vi.waitFor(() => expect(output).toMatch(/is missing/), 10_000);
    container.kill('SIGTERM');
    expect((await ended)[0], output).toBe(0);
    expect(answers.at(-1)?.status).toBe(200);
    expect(output.trimEnd().split('\n')).toEqual(output.match(/^streampass-node: .*$/gm));
    expect(output).not.toContain(FIRST);
    expect(output).not.toContain(OTHER);
  } finally {
    container.kill('SIGKILL');
  }
}, 60_000);

test.each([
  ['no token', '', 'red5', 401, 'message_unproven'],
  [
    'a token of somebody who does not know the secret',
    'eyJhbGciOiJIUzI1NiJ9.e30.AAAA',
    'red5',
    401,
    'message_unproven',
  ],
  ['a body that is too long', 'x'.repeat(20_000), 'red5', 400, 'message_malformed'],
  ['a target that is not there', '', 'jitsi', 404, 'target_unknown'],
  ['a target with the name of what every object has', '', '__proto__', 404, 'target_unknown'],
])('%s is refused with its reason', async (_, body, target, status, reason) => {
  const answer = await post(body, target);
  expect(answer.statusCode).toBe(status);
  expect(JSON.parse(answer.body)).toMatchObject({ reason });
});
