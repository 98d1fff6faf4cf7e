import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bundleFunction } from '../../build/bundle.ts';
import type { ApiGatewayResponse } from '../../lib/api-gateway/event.ts';
import { writeDefaultConfigFile } from '../../local/media-servers/config-templates.ts';
import { startMediaServer, type MediaServer } from '../../local/media-servers/start-media-server.ts';
import {
  createSecretsManagerEndpoint,
  type SecretsManagerEndpoint,
} from '../../local/secrets-manager/endpoint.ts';
import type { RotationReport } from '../../lib/rotation/report.ts';
import { startProvider, type Provider } from '../rotation/simulation/provider.ts';
import { tokenEvent } from '../support/function-host.ts';
import { ROOT } from '../support/project.ts';

/** The built functions and a Red5 fleet on a virtual clock (vitest's fake `Date`): three hours of a broadcast by WHIP. */

const START = 1_900_000_000;
const MINUTES = 180;
/** When the rotations start, in minutes. */
const ROTATIONS = [15, 95];
/** Once a node was changed, the reload of the last one fails for so many minutes: the fleet is mixed for as long. */
const MIXED_MINUTES = 3;

type Handler = (event: object, context: object) => Promise<unknown>;

interface Node {
  readonly file: string;
  readonly server: MediaServer;
}

let folder: string;
let secrets: SecretsManagerEndpoint;
let provider: Provider;
let rotate: (event: object) => Promise<RotationReport>;
/** Two instances of the function: what one remembers, the other does not know. */
let whips: readonly [Handler, Handler];
let token: Handler;
const nodes: Node[] = [];

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: START * 1000 });
  [folder, provider, secrets] = await Promise.all([
    mkdtemp(join(tmpdir(), 'streampass-broadcast-')),
    startProvider('streampass'),
    createSecretsManagerEndpoint({ port: 0, now: () => Date.now() }),
  ]);
  for (const name of ['red5', 'stream-keys']) {
    const { error } = secrets.execute('CreateSecret', {
      Name: `streampass/local/${name}`,
      ClientRequestToken: crypto.randomUUID(),
    });
    if (error) throw error;
  }
  for (const name of ['a', 'b']) {
    const file = join(folder, name);
    await writeDefaultConfigFile('red5', file, {});
    const now = () => Math.floor(Date.now() / 1000);
    nodes.push({
      file,
      server: await startMediaServer({ kind: 'red5', port: 0, files: [file], now, downtimeMs: 20 }),
    });
  }
  // What a real command does at once, the test does when its time has come: it restarts the node.
  const reload = join(folder, 'reload.sh');
  writeFileSync(reload, 'if [ -e "$1.fail" ]; then exit 1; fi\ntouch "$1.restart"\n');
  for (const [name, value] of Object.entries({
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    OIDC_ISSUER: provider.issuer,
    RED5_SERVER_FILES: nodes.map(({ file }) => file).join(':'),
    RED5_SERVER_RELOAD: `sh ${reload} {file}`,
  })) {
    vi.stubEnv(name, value);
  }
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
  const bundles = ['rotate', 'token', 'whip'].map(async (name) => {
    const bundle = join(folder, `${name}.mjs`);
    await bundleFunction(
      join(ROOT, `functions/${name}.ts`),
      bundle,
      join(import.meta.dirname, 'broadcast.config.ts'),
    );
    return pathToFileURL(bundle).href;
  });
  const [rotateBundle = '', tokenBundle = '', whipBundle = ''] = await Promise.all(bundles);
  const load = async (bundle: string) => ((await import(bundle)) as { handler: Handler }).handler;
  const rotateHandler = await load(rotateBundle);
  rotate = async (event) => (await rotateHandler(event, {})) as RotationReport;
  // A run makes the secrets; the nodes get theirs in that or in the next.
  while (asked().length < nodes.length) await rotate({ action: 'advance' });
  await restart(asked());
  token = await load(tokenBundle);
  whips = [await load(whipBundle), await load(`${whipBundle}?second`)];
});

afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.useRealTimers();
  for (const { server } of nodes) await server.close();
  await provider?.close();
  await secrets?.close();
  await rm(folder, { recursive: true, force: true });
});

/** The nodes whose reload command has run since they last restarted. */
function asked(): readonly Node[] {
  return nodes.filter(({ file }) => existsSync(`${file}.restart`));
}

async function restart(some: readonly Node[]): Promise<readonly Node[]> {
  for (const { file } of some) rmSync(`${file}.restart`);
  await Promise.all(some.map(({ server }) => server.reload(0)));
  return some;
}

interface Encoder {
  readonly stream: string;
  readonly streamKey: string;
}

async function makeEncoder(stream: string): Promise<Encoder> {
  const { body } = (await token(
    tokenEvent({
      subject_token: provider.idToken('kim', Date.now() / 1000),
      audience: 'red5',
      room: 'studio-1',
      stream,
      requested_token_type: 'urn:streampass:token-type:stream-key',
    }),
    {},
  )) as ApiGatewayResponse;
  return { stream, streamKey: (JSON.parse(body) as { access_token: string }).access_token };
}

/** One attempt of an encoder: `published`, `down`, or what refused it. */
async function connect({ stream, streamKey }: Encoder, whip: Handler, node: Node): Promise<string> {
  vi.stubEnv(`NODE_OF_${stream}`, node.server.url);
  const { statusCode, headers } = (await whip(
    {
      version: '2.0',
      routeKey: 'ANY /whip/{target}/{room}/{stream}',
      headers: { 'content-type': 'application/sdp', authorization: `Bearer ${streamKey}` },
      pathParameters: { target: 'red5', room: 'studio-1', stream },
      requestContext: { requestId: 'r', http: { method: 'POST', sourceIp: '192.0.2.1' } },
      body: '',
      isBase64Encoded: false,
    },
    {},
  )) as ApiGatewayResponse;
  if (statusCode !== 307) return `streampass answers ${statusCode}`;
  const { status } = await fetch(String(headers['location']), { method: 'POST' });
  // It restarts.
  if (status === 503) return 'down';
  // The answer to an offer without media, once the token was judged.
  return status === 400 ? 'published' : `the server answers ${status}`;
}

test('no server refuses an encoder in a broadcast of three hours with two rotations, whenever and wherever it comes', async () => {
  const broadcaster = await makeEncoder('main');
  /** One for each node and instance, which comes every few minutes: what the broadcaster would meet there. */
  const visitors = await Promise.all(
    nodes.flatMap((node, n) =>
      whips.map(async (whip, w) => ({ node, whip, encoder: await makeEncoder(`visitor-${n}-${w}`) })),
    ),
  );
  const results: Record<string, number> = {};
  const scenes = new Set<string>();
  const reconnects: string[] = [];

  const attempt = async (encoder: Encoder, whip: Handler, node: Node) => {
    const result = await connect(encoder, whip, node);
    results[result] = (results[result] ?? 0) + 1;
    return result;
  };
  const visit = () => Promise.all(visitors.map(({ encoder, whip, node }) => attempt(encoder, whip, node)));
  const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

  const [first, last] = nodes as [Node, Node];
  let at = first;
  /** The broadcaster comes back until it publishes, each time to another instance. */
  const reconnect = async (node: Node, why: string) => {
    at = node;
    reconnects.push(why);
    for (const whip of [...whips, ...whips]) {
      if ((await attempt(broadcaster, whip, node)) === 'published') return;
      pass(2);
    }
    expect.unreachable(`it gave up: ${why}`);
  };

  await attempt(broadcaster, whips[0], at);
  let phase = 'steady';
  let failsUntil = 0;
  for (let minute = 5; minute <= MINUTES; minute++) {
    // Every minute while nodes change.
    if (phase !== 'pushing' && minute % 5 !== 0) continue;
    vi.setSystemTime((START + minute * 60) * 1000);
    if (minute === failsUntil) rmSync(`${last.file}.fail`);
    const starts = ROTATIONS.includes(minute);
    const { targets } = await rotate(starts ? { action: 'start', targets: ['red5'] } : { action: 'advance' });
    const before = phase;
    phase = targets['red5']?.phase ?? '';
    if (phase === 'announced' && before !== phase) writeFileSync(`${last.file}.fail`, '');
    if (phase === 'pushing' && before !== phase) failsUntil = minute + MIXED_MINUTES;

    const restarting = asked();
    if (restarting.length > 0) {
      // The command has run, and the server has not restarted. Then it does.
      await visit();
      pass(15);
      await Promise.all([restart(restarting), visit()]);
      pass(15);
    }
    await visit();
    const held = new Set(nodes.map(({ server }) => server.status()[0]?.secretFingerprint));
    scenes.add(`${phase}, ${held.size === 1 ? 'one secret' : 'two secrets'}`);

    // A restart drops the broadcaster, and it comes back to the other node.
    if (restarting.includes(at)) await reconnect(at === first ? last : first, `${minute}: restart`);
    // The function's instances still have the rings of before.
    else if (phase === 'promoted' && before !== phase) await reconnect(at, `${minute}: promotion`);
  }

  expect(Object.keys(results)).toEqual(['published', 'down']);
  // It was as hard as it should be.
  expect(reconnects.length).toBeGreaterThanOrEqual(5);
  expect([...scenes]).toContain('pushing, two secrets');
});
