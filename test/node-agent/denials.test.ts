import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bundleFunction } from '../../build/bundle.ts';
import { kickAll } from '../../cli/deny/kick-all.ts';
import { toldOf } from '../../cli/deny/told-of.ts';
import type { Denied } from '../../lib/admission/deny-rows.ts';
import type { ApiGatewayResponse } from '../../lib/api-gateway/event.ts';
import { dynamoDenyWriter } from '../../lib/aws/deny-writer.ts';
import { resolveConfig } from '../../lib/config/resolve-config.ts';
import { signQuestion } from '../../lib/fleet/denials.ts';
import { signMessage } from '../../lib/fleet/node-message.ts';
import { ownFiles } from '../../lib/fleet/replace-file.ts';
import { systemNow } from '../../lib/node/system.ts';
import { createDynamoEndpoint, type DynamoEndpoint } from '../../local/dynamodb/endpoint.ts';
import { createDenialsFollower } from '../../node-agent/denials.ts';
import type { Settings } from '../../node-agent/settings.ts';
import { ROOT } from '../support/project.ts';
import { createMachine, type Machine, type Version } from './machine.ts';
import { messageEvent, startNodesApi, type NodesApi } from './nodes-api.ts';

/**
 * From a row of the deny table to the file beside a server, by the function as it is deployed and the agent's own part; what
 * the server's module does with the file is `test/server-plugins/prosody-kick.test.ts`. The clock is moved, not waited for.
 */

type Handler = (event: unknown, context: object) => Promise<ApiGatewayResponse>;

const SECRET = 'calls-secret-calls-secret-calls-secret-01';
const ANNA: Denied = { kind: 'sub', value: 'person-1', issuer: 'https://id.example.com' };

let machine: Machine;
let version: Version;
let dynamo: DynamoEndpoint;
let client: DynamoDBClient;
let folder: string;
let file: string;
let handler: Handler;
let config: ReturnType<typeof resolveConfig>['config'];
let api: NodesApi;
let turn: () => Promise<void>;
let isAway = false;
const log: string[] = [];

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  machine = await createMachine('jitsi', SECRET);
  version = machine.put(SECRET, 'AWSCURRENT', 'STREAMPASS_SERVERS');
  dynamo = await createDynamoEndpoint({ port: 0 });
  folder = mkdtempSync(join(tmpdir(), 'streampass-denials-'));
  const configFile = join(folder, 'streampass.config.ts');
  writeFileSync(
    configFile,
    `import { defineConfig, jitsi, oidc } from '${ROOT}/lib/config/index.ts';
     const options = { appId: 'streampass', fleet: { by: 'reported' } } as const;
     export default defineConfig({
       issuers: [oidc({ issuer: 'https://id.example.com', audience: 'web' })],
       targets: {
         calls: jitsi({ ...options, secret: '${machine.arn}', domain: 'meet.example', kick: true, subject: { pairwiseSalt: '${'p'.repeat(32)}' } }),
         other: jitsi({ ...options, domain: 'other.example' }),
       },
       grants: [{ target: 'calls', actions: ['join'], rooms: ['*'], ttl: 3600 }],
       deny: { subjects: ['denied-in-the-file'] },
     });`,
  );
  await bundleFunction(join(ROOT, 'functions/denials.ts'), join(folder, 'denials.mjs'), configFile);
  for (const [name, value] of Object.entries(machine.env)) vi.stubEnv(name, value);
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', dynamo.url);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('NODES_TABLE', 'nodes');
  vi.stubEnv('DENY_TABLE', 'deny');
  client = new DynamoDBClient({});
  ({ handler } = (await import(pathToFileURL(join(folder, 'denials.mjs')).href)) as { handler: Handler });
  const written = (await import(pathToFileURL(configFile).href)) as { default: unknown };
  const resolved = resolveConfig(written.default, { stage: 'test', env: {} });
  if (resolved.problems.length > 0) throw new Error(JSON.stringify(resolved.problems));
  ({ config } = resolved);

  api = await startNodesApi(async (body, path) => (isAway ? undefined : post(body, path.split('/').at(-2))));
  file = join(folder, 'denied');
  writeFileSync(file, '', { mode: 0o600 });
  const settings = {
    target: 'calls',
    node: 'meet-1',
    denied: file,
    report: api.url,
  } as Settings;
  turn = createDenialsFollower(settings, {
    node: { instance: async () => 'instance-of-22-characters' },
    files: ownFiles,
    versions: () => [version],
    log: (line) => log.push(line),
  });
});
afterAll(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  client.destroy();
  await api.close();
  rmSync(folder, { recursive: true, force: true });
  await dynamo.close();
  await machine[Symbol.asyncDispose]();
});

function post(body: string, target = 'calls'): Promise<ApiGatewayResponse> {
  return handler(messageEvent('/nodes/{target}/denials', target, body), {});
}

const advance = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const hashesInFile = () => readFileSync(file, 'utf8').split('\n').slice(1).filter(Boolean);

/** As the server's module does, once it has seen the file. */
function follow(ended: number): void {
  const [, name] = /^streampass-denied (\w+)/.exec(readFileSync(file, 'utf8')) ?? [];
  writeFileSync(`${file}.done`, `${name} ${ended}\n`, { mode: 0o600 });
}

test('a denial stands in the file of every node within 9 s, and npm run deny hears how many sessions it ended', async () => {
  const writer = dynamoDenyWriter('deny', client);
  await turn();
  // Whom the configuration denies is there from the beginning: at a pairwise target as a user of each issuer.
  expect(hashesInFile()).toHaveLength(1);
  follow(0);

  const now = systemNow();
  await writer.deny({ ...ANNA, at: now });
  await writer.deny({ kind: 'session', value: 'over', at: now, until: now + 2 });
  const kicked = kickAll(config, ANNA, now, {
    keyOf: () => expect.fail('no key is needed'),
    toldOf: (name) => toldOf(config, name, { client, deny: 'deny', nodes: 'nodes' }),
    now: systemNow,
    // The agent asks every 4 s, the module looks every second.
    async pause(seconds) {
      advance(seconds);
      if (Math.round(systemNow() - now) % 4 === 0) await turn();
      else if (hashesInFile().length > 1) follow(3);
    },
  });
  const [outcome] = await kicked;
  expect(outcome).toEqual({
    target: 'calls',
    server: 'its nodes',
    ended: 3,
    seconds: expect.any(Number) as number,
  });
  expect(outcome?.seconds).toBeLessThanOrEqual(15);
  expect(hashesInFile()).toHaveLength(2);

  await writer.allow(ANNA);
  advance(5);
  await turn();
  expect(hashesInFile()).toHaveLength(1);
});

test('the server keeps its list while streampass does not answer, and the agent says so once', async () => {
  const before = readFileSync(file, 'utf8');
  isAway = true;
  log.length = 0;
  await turn();
  await turn();
  isAway = false;
  expect(log).toEqual([expect.stringMatching(/cannot be reached/)]);
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('a file that somebody emptied is written again within a minute', async () => {
  follow(0);
  await turn();
  writeFileSync(file, '');
  for (let seconds = 0; seconds <= 60; seconds += 4) {
    advance(4);
    await turn();
  }
  expect(hashesInFile()).toHaveLength(1);
});

const question = (more: object = {}) => ({
  node: 'meet-2',
  instance: 'another-one-of-22-characters',
  iat: systemNow(),
  jti: randomUUID(),
  ended: 0,
  ...more,
});

test.each<[string, () => string, number, string, string?]>([
  ['no token', () => '', 401, 'message_unproven'],
  [
    'a question that somebody signed who does not know the secret',
    () => signQuestion(question(), 'calls', { ...version, text: 'x'.repeat(43) }),
    401,
    'message_unproven',
  ],
  [
    'an old question',
    () => signQuestion(question({ iat: systemNow() - 61 }), 'calls', version),
    401,
    'message_stale',
  ],
  [
    'a question about another target',
    () => signQuestion(question(), 'other', version),
    400,
    'message_malformed',
  ],
  [
    'a report, which has another audience',
    () => signMessage({ ...question(), aud: 'calls', report: { version: 1, problems: [] } }, version),
    400,
    'message_malformed',
  ],
  ['a body that is too long', () => 'x'.repeat(5000), 400, 'message_malformed'],
  [
    'a target whose servers are told nothing',
    () => signQuestion(question(), 'other', version),
    404,
    'target_unknown',
    'other',
  ],
  ['a target with the name of what every object has', () => '', 404, 'target_unknown', '__proto__'],
])('%s is refused with its reason', async (_what, body, status, reason, target) => {
  const answer = await post(body(), target);
  expect([answer.statusCode, JSON.parse(answer.body)]).toEqual([status, { reason }]);
});

test('a question counts once', async () => {
  const asked = signQuestion(question(), 'calls', version);
  expect((await post(asked)).statusCode).toBe(200);
  const again = await post(asked);
  expect([again.statusCode, JSON.parse(again.body)]).toEqual([409, { reason: 'message_replayed' }]);
});

test('nobody is told a list if the table cannot be read', async () => {
  await client.send(new DeleteTableCommand({ TableName: 'deny' }));
  advance(120);
  const answer = await post(signQuestion(question(), 'calls', version));
  expect([answer.statusCode, JSON.parse(answer.body)]).toMatchObject([
    503,
    { reason: 'deny_list_unavailable' },
  ]);
});

test('whoever proves nothing is refused without a look at the table', async () => {
  const answer = await post(signQuestion(question(), 'calls', { ...version, text: 'x'.repeat(43) }));
  expect([answer.statusCode, JSON.parse(answer.body)]).toEqual([401, { reason: 'message_unproven' }]);
});
