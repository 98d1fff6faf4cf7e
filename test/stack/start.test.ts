import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import WebSocket from 'ws';
import { signIn } from '../../local/oidc-provider/sign-in.ts';
import { portsFrom, takenPorts } from '../../local/ports.ts';
import { CALLERS_SECRET } from '../../local/stack.ts';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { PROJECT, ROOT, runIn } from '../support/project.ts';
import { publishByWhip, watchByWhep } from '../support/webrtc.ts';

/** `npm start` as a person runs it: a process of its own, signed in to, asked for tokens, and ended. */

/** Beside the default ones, so that a stack that somebody watches is left alone. */
const PORTS = portsFrom(13_000);
/** With that of the second media server: a start refuses a port that is not free yet. */
const ALL_PORTS = { ...PORTS, second: PORTS.further + 1 };
const url = (name: keyof typeof PORTS): string => `http://localhost:${PORTS[name]}`;

const readme = await readFile(join(PROJECT, 'README.md'), 'utf8');

let stateDir: string;
let stack: ChildProcess;
let printed = '';
const idTokens: Record<string, string> = {};

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'streampass-stack-'));
  stack = start();
  stack.stdout?.on('data', (chunk) => (printed += String(chunk)));
  stack.stderr?.on('data', (chunk) => (printed += String(chunk)));
  await waitUntilPrinted('Ctrl-C ends everything');
  for (const user of ['viewer', 'broadcaster', 'moderator'] as const) {
    idTokens[user] = (await signIn({ issuer: url('oidc'), user })).idToken;
  }
}, 90_000);

afterAll(async () => {
  if (stack.exitCode === null && stack.signalCode === null) process.kill(-(stack.pid ?? 0), 'SIGKILL');
  await rm(stateDir, { recursive: true, force: true });
});

function start(): ChildProcess {
  const options = ['--port', String(PORTS.api), '--state', stateDir, '--nodes', '2'];
  // The project is built already: no `prestart`. A process group of its own, as from a terminal.
  return spawn('npm', ['start', '--silent', '--ignore-scripts', '--', ...options], {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
}

async function waitUntilPrinted(text: string): Promise<void> {
  while (!printed.includes(text)) {
    if (stack.exitCode !== null) throw new Error(`npm start ended:\n${printed}`);
    await once(stack.stdout as NodeJS.ReadableStream, 'data');
  }
}

async function exchange(user: string, parameters: Record<string, string>): Promise<Record<string, string>> {
  const { audience = '', ...others } = parameters;
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    subject_token: idTokens[user] ?? '',
    ...others,
  });
  // In these tests `,` stands between targets, each of which is sent as a parameter of its own.
  for (const target of audience.split(',')) body.append('audience', target);
  const response = await fetch(`${url('api')}/token`, { method: 'POST', body });
  return (await response.json()) as Record<string, string>;
}

async function connect(server: 'red5' | 'jitsi' | 'rtcstats', attempt: object, node = ''): Promise<number> {
  const response = await fetch(`${url(server)}/connect${node}`, {
    method: 'POST',
    body: JSON.stringify(attempt),
  });
  return response.status;
}

/** Runs the README's shell block that begins so, against this stack, and resolves with what it prints. */
function runOfReadme(beginning: string): Promise<string> {
  const blocks = [...readme.matchAll(/```sh\n([^]*?)```/g)].map(([, block = '']) => block);
  const block = blocks.find((one) => one.startsWith(beginning)) ?? '';
  return run(
    block
      .replace(/npm run rotate -- \w+/g, `$& --port ${PORTS.api}`)
      .replace(/localhost:(3\d\d\d)/g, (_, port) => `localhost:${Number(port) - 3000 + PORTS.api}`),
  );
}

async function run(commands: string): Promise<string> {
  const env = { ...process.env, OIDC_ISSUER: url('oidc') };
  return (await promisify(execFile)('sh', ['-euc', commands], { cwd: PROJECT, env })).stdout;
}

describe('a token of the local stack', () => {
  test.each([
    [
      'viewer',
      'red5',
      { room: 'public-1' },
      { room: 'public-1', action: 'subscribe', transport: 'WHEP' },
      200,
    ],
    [
      'viewer',
      'red5',
      { room: 'public-1' },
      { room: 'public-2', action: 'subscribe', transport: 'WHEP' },
      403,
    ],
    ['viewer', 'red5', { room: 'public-1' }, { room: 'public-1', action: 'publish', transport: 'WHIP' }, 403],
    ['broadcaster', 'red5', {}, { room: 'any', action: 'publish', transport: 'RTMP' }, 200],
    ['moderator', 'jitsi', { room: 'Meeting' }, { room: 'meeting', action: 'moderate' }, 200],
    ['viewer', 'jitsi', { room: 'public-x' }, { room: 'public-x', action: 'join' }, 200],
    ['viewer', 'jitsi', { room: 'public-x' }, { room: 'public-x', action: 'moderate' }, 403],
    ['viewer', 'rtcstats', {}, { action: 'report' }, 200],
  ] as const)('of a %s for %s %o is judged on %o with %i', async (user, audience, asked, attempt, status) => {
    const { access_token: token } = await exchange(user, { audience, ...asked });
    for (const node of ['?node=0', '?node=1']) {
      expect(await connect(audience, { token, ...attempt }, node)).toBe(status);
    }
  });

  test('has one session at all three servers, in one exchange and in each audit line', async () => {
    const session = 'visit-of-three-servers';
    const asked = { audience: 'red5,jitsi,rtcstats', room: 'public-1', session };
    const { tokens } = (await exchange('viewer', asked)) as unknown as {
      readonly tokens: Readonly<Record<string, { readonly access_token: string }>>;
    };
    const attempts = {
      red5: { room: 'public-1', action: 'subscribe', transport: 'WHEP' },
      jitsi: { room: 'public-1', action: 'join' },
      rtcstats: { action: 'report' },
    };
    const secret = await fetch(url('secrets'), {
      method: 'POST',
      headers: { 'x-amz-target': 'secretsmanager.GetSecretValue' },
      body: JSON.stringify({ SecretId: CALLERS_SECRET }),
    });
    const { SecretString: caller } = (await secret.json()) as { readonly SecretString: string };
    for (const server of ['red5', 'jitsi', 'rtcstats'] as const) {
      const token = tokens[server]?.access_token ?? '';
      expect(await connect(server, { token, ...attempts[server] })).toBe(200);
      const introspected = await fetch(`${url('api')}/introspect`, {
        method: 'POST',
        headers: { authorization: `Bearer ${caller}` },
        body: new URLSearchParams({ token }),
      });
      expect(await introspected.json()).toMatchObject({ active: true, target: server, session });
    }
    expect(await exchange('viewer', { audience: 'red5', room: 'board', session })).toHaveProperty('error');

    const linesOfSession = async (): Promise<readonly string[]> => {
      const log = await readFile(join(stateDir, 'default/api.log'), 'utf8');
      // The last line may not be whole yet.
      const lines = log.slice(0, log.lastIndexOf('\n')).split('\n');
      return lines.flatMap((line) => {
        if (!line.includes(session)) return [];
        const { event, target } = JSON.parse(line.slice(line.indexOf('{'))) as Record<string, unknown>;
        return [`${String(event)} ${String(target)}`];
      });
    };
    await vi.waitFor(
      async () =>
        expect((await linesOfSession()).toSorted()).toEqual([
          'callback.allowed jitsi',
          'callback.allowed red5',
          'callback.allowed rtcstats',
          'token.denied red5',
          'token.issued jitsi',
          'token.issued red5',
          'token.issued rtcstats',
        ]),
      5000,
    );
  });

  test('is judged by Red5 in the query, as WHEP sends it, before the offer is', async () => {
    const { access_token: token } = await exchange('viewer', { audience: 'red5', room: 'public-1' });
    const address = `${url('red5')}/live/public-1/whep/endpoint/stream?username=jwt&password=jwt&token=`;
    const statuses = await Promise.all(
      [token, `${token}x`].map(
        async (sent) => (await fetch(address + sent, { method: 'POST', body: 'v=0' })).status,
      ),
    );
    expect(statuses).toEqual([400, 401]);
  });

  test.each([
    ['a good token stays open', (token: string) => token, 'open'],
    ['a changed token is closed with 1008', (token: string) => `${token.slice(0, -4)}AAAA`, 1008],
  ])('on rtcstats’ WebSocket, %s', async (_, change, outcome) => {
    const { access_token: token = '' } = await exchange('viewer', { audience: 'rtcstats' });
    const socket = new WebSocket(
      `ws://localhost:${PORTS.rtcstats}/x?rtcstats-token=${change(token)}`,
      'rtcstats#5.0',
    );
    await once(socket, 'open');
    if (outcome === 'open') {
      socket.send('[]');
      socket.close(1000);
      expect((await once(socket, 'close'))[0]).toBe(1000);
    } else {
      expect((await once(socket, 'close'))[0]).toBe(outcome);
    }
  });
});

describe('an encoder', () => {
  const place = { audience: 'red5', room: 'studio-1' };
  const live = (protocol: string, token = ''): string =>
    `${url('red5')}/live/studio-1/${protocol}/endpoint/main?username=jwt&password=jwt&token=${token}`;

  test('publishes with a stream key at an address that never changes, until the key is revoked', async () => {
    const { access_token: streamKey = '' } = await exchange('broadcaster', {
      ...place,
      stream: 'main',
      requested_token_type: 'urn:streampass:token-type:stream-key',
    });
    const { access_token: token } = await exchange('moderator', { ...place, scope: 'subscribe' });
    const viewer = await watchByWhep(live('whep', token), ['H264', 'VP8']);
    onTestFinished(viewer.close);
    const publish = () => publishByWhip(`${url('api')}/whip/red5/studio-1/main`, streamKey);

    const encoder = await publish();
    onTestFinished(encoder.close);
    expect(encoder.statuses).toEqual([307, 201]);
    expect([encoder.session.host, encoder.session.search]).toEqual([new URL(url('red5')).host, '']);
    await vi.waitFor(() => expect(viewer.frames()).toBeGreaterThan(10), 5000);
    expect(await encoder.ask('PATCH')).toBe(405);

    const id = String(decodeCompactJws(streamKey)?.claims['jti']);
    const { output: told } = await runIn(
      PROJECT,
      `npm run -s deny -- --stream-key ${id} --port ${PORTS.api}`.split(' '),
    );
    const denied = Date.now();
    // Red5 looks at a token when a connection begins, and no command of its ends those of one user.
    expect(told).toContain('connections  go on: red5 servers');
    expect(encoder.isConnected()).toBe(true);
    expect(await encoder.ask('DELETE')).toBe(200);
    let seen: number | undefined;
    const standsStill = () => {
      const before = seen;
      seen = viewer.frames();
      expect(seen).toBe(before);
    };
    await vi.waitFor(standsStill, { timeout: 5000, interval: 200 });

    const again = async (): Promise<string> => {
      try {
        await (await publish()).close();
        return 'published';
      } catch (error) {
        return (error as Error).message;
      }
    };
    await vi.waitFor(async () => expect(await again()).toBe('401'), { timeout: 30_000, interval: 500 });
    expect((Date.now() - denied) / 1000).toBeLessThanOrEqual(15);
  }, 60_000);

  test('cannot publish past streampass: its stream key is not a token for a server', async () => {
    const { access_token: streamKey = '' } = await exchange('broadcaster', {
      ...place,
      stream: 'main',
      requested_token_type: 'urn:streampass:token-type:stream-key',
    });
    await expect(publishByWhip(live('whip', streamKey), streamKey)).rejects.toThrow('401');
  });
});

describe('the README', () => {
  test('has commands for a first token, which print the token and that Red5 grants what it shows', async () => {
    const [issued = '', granted = ''] = (await runOfReadme('ID_TOKEN=')).split('\n');
    expect(JSON.parse(issued)).toMatchObject({ expires_in: 900, scope: 'subscribe' });
    expect(JSON.parse(granted)).toMatchObject({
      granted: { user: 'viewer', role: 'red5-subscriber', room: 'public-1', transport: 'WHEP' },
    });

    const shown = JSON.parse(/```json\n([^]*?)```/.exec(readme)?.[1] ?? '') as { iat: number; exp: number };
    const token = (JSON.parse(issued) as { access_token: string }).access_token;
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as typeof shown;
    expect(Object.keys(claims)).toEqual(Object.keys(shown));
    expect(claims).toEqual({
      ...shown,
      iat: claims.iat,
      exp: claims.iat + 900,
      jti: expect.any(String),
      for: expect.stringMatching(/^[\w-]+$/),
    });
    expect(shown.exp - shown.iat).toBe(900);
  });

  test('has commands for a rotation, which start it and show every node', async () => {
    const report = await runOfReadme('npm run rotate');
    expect(report.match(/^[\w-]+ +announced /gm)).toHaveLength(8);
    expect(report.match(/^\w+ +announced +2\/2 /gm)).toHaveLength(6);
    const aborted = await run(`npm run -s rotate -- abort --port ${PORTS.api}`);
    expect(aborted.match(/^[\w-]+ +(aborting|steady) /gm)).toHaveLength(4);
  });
});

test('docs/deploy.md has commands for the health and for a first token', async () => {
  const page = await readFile(join(ROOT, 'docs/deploy.md'), 'utf8');
  const [[, health = ''] = [], [, token = ''] = []] = [...page.matchAll(/^(curl -s \$API(?:.+\\\n)*.+)$/gm)];
  const runHere = (command: string) =>
    run(`API=${url('api')}; ID_TOKEN=${idTokens['viewer'] ?? ''}; ${command}`).then(JSON.parse);
  expect(await runHere(health)).toMatchObject({ status: 'ok' });
  expect(await runHere(token)).toMatchObject({ scope: 'subscribe', token_type: 'N_A' });
});

describe('the local API', () => {
  test('names itself in the metadata, and is healthy', async () => {
    const metadata = await (await fetch(`${url('api')}/.well-known/oauth-authorization-server`)).json();
    expect(metadata).toMatchObject({ issuer: url('api'), token_endpoint: `${url('api')}/token` });
    expect((await fetch(`${url('api')}/health`)).status).toBe(200);
  });

  test.each([
    ['the page’s origin', `http://localhost:${PORTS.page}`, `http://localhost:${PORTS.page}`],
    ['a page that is developed on this machine', 'http://localhost:5173', 'http://localhost:5173'],
    ['another site’s origin', 'https://evil.example', null],
  ])('allows %s by CORS accordingly, on errors too', async (_, origin, allowed) => {
    const response = await fetch(`${url('api')}/token`, {
      method: 'POST',
      headers: { origin },
      body: new URLSearchParams(),
    });
    expect(response.status).toBe(400);
    expect(response.headers.get('access-control-allow-origin')).toBe(allowed);
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    expect(response.headers.get('vary')).toMatch(/origin/i);
  });
});

test.each([
  ['the preflight', 'POST', { 'access-control-request-method': 'POST' }],
  ['the preflight with a header', 'POST', { 'access-control-request-headers': 'content-type' }],
])('a page that is developed on this machine passes %s', async (_title, method, headers) => {
  const response = await fetch(`${url('api')}/token`, {
    method: 'OPTIONS',
    headers: { origin: 'http://localhost:5173', 'access-control-request-method': method, ...headers },
  });
  expect(response.ok).toBe(true);
  expect(response.headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
  expect(response.headers.get('access-control-allow-methods')).toMatch(/POST/);
});

test.each([
  ['lambda', '/2015-03-31/functions/streampass-local-rotate/invocations'],
  ['offline', '/token'],
  ['secrets', '/'],
  ['dynamodb', '/'],
  ['oidc', '/token'],
  ['page', '/rotation'],
  ['red5', '/nodes/0/reload'],
] as const)('port %s refuses a form of another site', async (port, path) => {
  const response = await fetch(url(port) + path, {
    method: 'POST',
    headers: { origin: 'https://evil.example', 'content-type': 'text/plain' },
    body: '{"action":"start"}',
  });
  expect(response.status).toBe(403);
});

describe('a rotation on the local stack', () => {
  test('is announced by a fallback token, which no server accepts yet, and can be aborted', async () => {
    const invoke = (action: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${PORTS.lambda}/2015-03-31/functions/streampass-local-rotate/invocations`, {
        method: 'POST',
        body: JSON.stringify({ action }),
      });
    const report = (await (await invoke('start')).json()) as { targets: Record<string, { phase: string }> };
    expect(Object.entries(report.targets).map(([name, { phase }]) => `${name}: ${phase}`)).toEqual(
      ['red5', 'jitsi', 'rtcstats', 'stream-keys'].map((name) => `${name}: announced`),
    );
    // Rings are refreshed after 60 s: /health has rings of its own, so the state is asked of the report.
    const aborted = (await (await invoke('abort')).json()) as { targets: Record<string, { phase: string }> };
    expect(Object.values(aborted.targets).map(({ phase }) => phase)).not.toContain('announced');
  });
});

describe('npm start', () => {
  test('with taken ports says which, and starts nothing', async () => {
    const second = start();
    let errors = '';
    second.stderr?.on('data', (chunk) => (errors += String(chunk)));
    const [code] = (await once(second, 'exit')) as [number];
    expect(code).toBe(1);
    expect(errors.trim().split('\n')).toHaveLength(10);
    expect(errors).toContain(`port ${PORTS.api} (api) is taken`);
  });

  test('prints no secret and no token, nor do its logs', async () => {
    const state = await readFile(join(stateDir, 'default/secrets.json'), 'utf8');
    const values = [...state.matchAll(/"([A-Za-z0-9_-]{43})"/g)].map(([, value]) => value ?? '');
    expect(values.length).toBeGreaterThanOrEqual(3);
    const log = await readFile(join(stateDir, 'default/api.log'), 'utf8');
    for (const value of [...values, ...Object.values(idTokens).map((token) => token.split('.')[2] ?? '')]) {
      expect(printed + log).not.toContain(value);
    }
  });

  test('ends on SIGTERM and leaves every port free, though npm passes it to a shell that passes it to nobody', async () => {
    stack.kill('SIGTERM');
    await once(stack, 'exit');
    await vi.waitFor(async () => expect(await takenPorts(ALL_PORTS)).toEqual([]), { timeout: 20_000 });
  });

  test.each([
    ['Ctrl-C twice in a terminal that is then closed', ['SIGINT', 'SIGINT', 'SIGHUP']],
    ['being killed', ['SIGKILL']],
  ] as const)(
    'leaves every port free after %s, also while it starts',
    async (_, signals) => {
      const starting = start();
      const taken = async (): Promise<string> => (await takenPorts(ALL_PORTS)).join();
      await vi.waitFor(async () => expect(await taken()).toContain('(lambda)'), { timeout: 20_000 });
      for (const signal of signals) process.kill(-(starting.pid ?? 0), signal);
      await vi.waitFor(async () => expect(await takenPorts(ALL_PORTS)).toEqual([]), { timeout: 20_000 });
    },
    60_000,
  );
});

test('a port counts as taken while something listens on it', async () => {
  const server = createServer().listen(PORTS.page, '127.0.0.1');
  await once(server, 'listening');
  expect(await takenPorts(PORTS)).toEqual([
    `port ${PORTS.page} (page) is taken: end the program that listens on it, or choose other ports with --port`,
  ]);
  server.close();
});
