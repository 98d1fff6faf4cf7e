import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { signIn } from '../../local/oidc-provider/sign-in.ts';
import { freePorts } from '../support/free-ports.ts';
import { startStack, type Stack } from '../../local/stack.ts';
import { launchChromium } from './chromium.ts';
import { PROJECT, ROOT } from '../support/project.ts';

vi.setConfig({ testTimeout: 60_000 });

let stack: Stack;
let browser: Browser;
/** A page of an origin of its own, as an app is. */
let origin: string;
const started: (() => unknown)[] = [];

beforeAll(async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'streampass-servers-'));
  started.push(() => rm(stateDir, { recursive: true, force: true }));
  stack = await startStack({
    ports: await freePorts(),
    project: PROJECT,
    stateDir,
    profile: 'default',
    nodes: 1,
  });
  started.push(stack.close);
  browser = await launchChromium();
  started.push(() => browser.close());
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'client/test/pages/servers.ts')],
    bundle: true,
    write: false,
    format: 'esm',
  });
  const script = outputFiles[0]?.text ?? '';
  const server = createServer((request, response) => {
    // As LiveKit tells its client of a token that is not good.
    if (request.url?.startsWith('/rtc')) {
      response.writeHead(401).end('invalid token');
      return;
    }
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
  }).listen(0, '127.0.0.1');
  started.push(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  for (const end of started.toReversed()) await end();
});

/** A page of its own that runs scripts: `page` is what `client/test/pages/servers.ts` has, `options` a user's. */
async function open(
  user: 'viewer' | 'broadcaster',
): Promise<{ run: <T>(script: string) => Promise<T>; close: () => Promise<void> }> {
  const { idToken } = await signIn({ issuer: stack.urls.oidc, user });
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(origin);
  await page.waitForFunction('globalThis.page');
  const values = JSON.stringify({
    options: {
      endpoint: `${stack.urls.api}/token`,
      audience: 'red5',
      room: 'public-1',
      subjectToken: idToken,
    },
    stream: { server: stack.servers['red5'], room: 'public-1', stream: 'clock' },
    rtcstats: stack.servers['rtcstats']?.replace(/^http/, 'ws'),
  });
  return {
    run: <T>(script: string) =>
      page.evaluate<T>(
        `(async ({ options, stream, rtcstats }) => { const { page } = globalThis; ${script} })(${values})`,
      ),
    close: () => context.close(),
  };
}

/** Runs one script in a page of its own. */
async function run<T>(user: 'viewer' | 'broadcaster', script: string): Promise<T> {
  const page = await open(user);
  try {
    return await page.run<T>(script);
  } finally {
    await page.close();
  }
}

test('a viewer whose first token is refused watches with a fresh one', async () => {
  const publisher = await open('broadcaster');
  await publisher.run(
    `const pass = page.createStreamPass({ ...options, scope: 'publish', transport: 'WHIP' });
     globalThis.session = await page.publish(pass, page.drawClock(), { address: page.red5Whip(stream) });`,
  );
  const outcome = await run<{ tried: number; frames: number; state: string }>(
    'viewer',
    `const pass = page.createStreamPass({ ...options, transport: 'WHEP' });
     const tried = [];
     const toAddress = page.red5Whep(stream);
     const address = (token) => toAddress(tried.push(token) === 1 ? token.slice(0, -4) + 'AAAA' : token);
     const player = await page.watch(pass, { address });
     let frames = 0;
     while (frames < 10) {
       frames = await page.framesOf(player);
       await new Promise((next) => setTimeout(next, 100));
     }
     player.close();
     await player.closed;
     return { tried: new Set(tried).size, frames, state: player.peer.connectionState };`,
  );
  expect(outcome).toMatchObject({ tried: 2, state: 'closed' });
  expect(outcome.frames).toBeGreaterThanOrEqual(10);
  await publisher.close();
});

test.each([
  ['refused', 'a room that the token is not for', `{ ...stream, room: 'public-2' }`, '403'],
  ['unavailable', 'a server that is not there', `{ ...stream, server: 'http://localhost:1' }`, ''],
])('%s is what %s is told as', async (kind, _, other, words) => {
  const failure = await run<{ kind: string; message: string }>(
    'viewer',
    `const pass = page.createStreamPass({ ...options, transport: 'WHEP' });
     return page.watch(pass, { address: page.red5Whep(${other}) }).catch(({ kind, message }) => ({ kind, message }));`,
  );
  expect(failure.kind).toBe(kind);
  expect(failure.message).toContain(words);
  expect(failure.message).not.toContain('eyJ');
});

test('keepOpen opens the stream again when it is over, and ends with its signal', async () => {
  const opened = await run<number>(
    'viewer',
    `const pass = page.createStreamPass({ ...options, transport: 'WHEP' });
     const stop = new AbortController();
     let opened = 0;
     await page.keepOpen(
       (signal) => page.watch(pass, { address: page.red5Whep(stream), signal }),
       (player) => (++opened === 3 ? stop.abort() : player.close()),
       { signal: stop.signal },
     );
     return opened;`,
  );
  expect(opened).toBe(3);
});

test('a session is over when its server says so, not after seconds of silence', async () => {
  const viewer = await open('viewer');
  await viewer.run(
    `const pass = page.createStreamPass({ ...options, transport: 'WHEP' });
     const { peer, closed } = await page.watch(pass, { address: page.red5Whep(stream) });
     const states = [];
     peer.addEventListener('connectionstatechange', () => states.push(peer.connectionState));
     globalThis.over = closed.then(() => states);`,
  );
  const { servers } = stack.targets['red5'] ?? {};
  if (servers?.by !== 'media server') throw new Error('Red5 has media servers here');
  await servers.server.reload(0);
  expect(await viewer.run('return globalThis.over;')).not.toContain('disconnected');
  await viewer.close();
});

test('rtcstats-server’s refusal after the WebSocket opened is heard, and a fresh token is taken', async () => {
  const outcome = await run<{
    tokens: number;
    readyState: number;
    refused: string;
    refusedTraces: number;
    codes: number[];
  }>(
    'viewer',
    `const pass = page.createStreamPass({ ...options, audience: 'rtcstats' });
     let tokens = 0;
     const spoil = (held, times) =>
       ++tokens <= times ? { ...held, answer: { ...held.answer, token: held.answer.token + 'A' } } : held;
     const spoilt = ({ renewal }, times) => ({
       renewal: { ...renewal, obtain: async (...how) => spoil(await renewal.obtain(...how), times) },
     });
     const socket = await page.connectRtcstats(spoilt(pass, 1), rtcstats);
     const { readyState } = socket;
     socket.close();
     const taken = tokens;
     tokens = -Infinity;
     const refused = await page.connectRtcstats(spoilt(pass, 9), rtcstats).catch(({ kind }) => kind);
     // As rtcstats-js does: it opens a WebSocket of its own, and tells nobody how that went.
     const traced = [];
     const trace = { connect: (address) => void traced.push(new WebSocket(address, 'rtcstats#5.0')) };
     tokens = -Infinity;
     await page.connectTrace(spoilt(pass, 9), trace, rtcstats).catch(() => undefined);
     const refusedTraces = traced.length;
     await page.connectTrace(pass, trace, rtcstats);
     trace.connect(traced[0].url + 'A');
     // Whoever is refused is closed with 1008 as the first thing; an accepted one gets the page's own code back.
     const codes = await Promise.all(traced.map((socket) => new Promise((resolve) => {
       socket.addEventListener('close', (event) => resolve(event.code));
       socket.addEventListener('open', () => socket.close(4000));
     })));
     return { tokens: taken, readyState, refused, refusedTraces, codes };`,
  );
  expect(outcome).toEqual({
    tokens: 2,
    readyState: 1,
    refused: 'refused',
    refusedTraces: 0,
    codes: [4000, 1008],
  });
});

test.each([
  ['refused', 'refuses each token', '', 2],
  ['unavailable', 'is not there', '1', 1],
])('with livekit-client, %s is what a server that %s is told as', async (kind, _, port, exchanges) => {
  const outcome = await run<{ kind: string; exchanges: number; message: string }>(
    'viewer',
    `let exchanges = 0;
     const pass = page.createStreamPass({ ...options, fetch: (...all) => (exchanges++, fetch(...all)) });
     const address = 'ws://localhost:' + (${JSON.stringify(port)} || location.port);
     const failure = await page.connectRoom(pass, new page.Room(), address).catch((error) => error);
     return { kind: failure.kind, exchanges, message: failure.message };`,
  );
  expect(outcome).toMatchObject({ kind, exchanges });
  expect(outcome.message).not.toContain('eyJ');
});

test('an abort while no media path is found yet ends the attempt', async () => {
  const outcome = await run<string>(
    'viewer',
    `const pass = page.createStreamPass({ ...options, transport: 'WHEP', fetch: fetch.bind(globalThis) });
     const stop = new AbortController();
     globalThis.fetch = async (_, { body, method }) => {
       if (method === 'DELETE') return new Response();
       const other = new RTCPeerConnection();
       await other.setRemoteDescription({ type: 'offer', sdp: body });
       const { sdp } = await other.createAnswer();
       setTimeout(() => stop.abort(new Error('left the page')), 100);
       return new Response(sdp, { status: 201 });
     };
     const address = page.red5Whep(stream);
     return page.watch(pass, { address, signal: stop.signal }).catch((error) => error.message);`,
  );
  expect(outcome).toBe('left the page');
});
