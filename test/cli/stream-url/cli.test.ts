/** `npm run stream-url` as a program, against a token endpoint that decides as ours does. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { exchangeRequest } from '../../../lib/exchange/exchange.ts';
import { parseTokenRequest } from '../../../lib/exchange/parse-token-request.ts';
import { errorResponse, tokenResponse } from '../../../lib/exchange/token-response.ts';
import { decodeCompactJws } from '../../../lib/jws/compact.ts';
import { depsOf, issuedBy, makeKey } from '../../stream-keys/scene.ts';
import { PROJECT } from '../../support/project.ts';

let server: Server;
let endpoint: string;
let folder: string;
let key: string;
let asked: URLSearchParams[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    void (async () => {
      const form = await readAll(request);
      asked.push(new URLSearchParams(form));
      // The fixture's name of the scene's target.
      const body = form.replace('audience=red5', 'audience=live');
      const event = { headers: { 'content-type': request.headers['content-type'] ?? '' }, body };
      const outcome = await exchangeRequest(parseTokenRequest(event), depsOf());
      const answer = outcome.issued
        ? tokenResponse(outcome.response)
        : errorResponse(outcome.error, 'https://e');
      response.writeHead(answer.statusCode, { ...answer.headers }).end(answer.body);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  folder = await mkdtemp(join(tmpdir(), 'stream-url-'));
  key = issuedBy(await makeKey({ rooms: ['studio-1'], stream: 'main' }));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  asked = [];
});

const PLACE = ['--target', 'live', '--room', 'studio-1', '--stream', 'main'];
const SERVER = ['--kind', 'red5', '--server', 'rtmp://red5.example.com'];

type Env = Readonly<Record<string, string>>;
interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(args: readonly string[], env: Env, input = ''): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const at = args.includes('--endpoint') ? [] : ['--endpoint', endpoint];
  const command = ['cli/stream-url.ts', ...at, ...args];
  const child = execFile(process.execPath, command, { cwd: PROJECT, env }, (error, out, err) => {
    resolve({ code: Number(error?.code ?? 0), out, err });
  });
  child.stdin?.end(input);
  return promise;
}

describe('npm run stream-url', () => {
  test('prints the address, with a token for this room and transport alone', async () => {
    const { code, out, err } = await run([...PLACE, ...SERVER], { STREAM_KEY: key });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [, token = ''] =
      /^url +rtmp:\/\/red5\.example\.com\/live\/studio-1\?username=jwt&password=jwt&token=([\w.-]+)\/main$/m.exec(
        out,
      ) ?? [];
    expect(decodeCompactJws(token)?.claims).toMatchObject({
      roles: 'red5-publisher',
      'red5-room': 'studio-1',
      'red5-transport': 'RTMP',
    });
    expect(out).toMatch(/^valid for +3540 s/m);
  });

  test('reads the key from standard input', async () => {
    const { code, out } = await run([...PLACE, ...SERVER, '--json'], {}, `${key}\n`);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ streamKey: 'main', expiresInSeconds: 3540 });
  });

  test('takes an ID token', async () => {
    const { code } = await run([...PLACE, ...SERVER], { SUBJECT_TOKEN: 'an.id.token' });
    expect(code).toBe(0);
    expect(asked[0]?.get('subject_token_type')).toBe('urn:ietf:params:oauth:token-type:id_token');
  });

  test('finds kind and host in the configuration', async () => {
    const oidc = { OIDC_ISSUER: 'https://id.example', OIDC_AUDIENCE: 'web' };
    const env = { ...oidc, STREAM_KEY: key, RED5_ADDRESS: 'https://media.example:8443' };
    const { code, out } = await run(['--target', 'red5', ...PLACE.slice(2)], env);
    expect(code).toBe(0);
    expect(out).toMatch(/^url +rtmp:\/\/media\.example\/live\/studio-1\?/);
  });

  test.each<[string, readonly string[], Env, RegExp]>([
    ['no sign-in', [...PLACE, ...SERVER], {}, /^no sign-in/],
    ['two sign-ins', [...PLACE, ...SERVER], { STREAM_KEY: 'k', SUBJECT_TOKEN: 't' }, /not both/],
    [
      'a sign-in as an argument',
      [...PLACE, ...SERVER, '--stream-key', 'k'],
      {},
      /^Unknown option '--stream-key'/,
    ],
    ['no room', ['--target', 'live'], {}, /^name the room with --room/],
    [
      'WHEP',
      [...PLACE, ...SERVER, '--transport', 'whep'],
      {},
      /^--transport must be one of RTMP, RTSP, WHIP/,
    ],
    ['no server', PLACE, {}, /give it with --server/],
    [
      'plain HTTP',
      [...PLACE, ...SERVER, '--endpoint', 'http://api.example.com/token'],
      {},
      /^--endpoint must be/,
    ],
    [
      'no such program',
      [...PLACE, ...SERVER, '--exec', './none {url}'],
      { STREAM_KEY: 'KEY' },
      /^\.\/none cannot be run/,
    ],
    ['a shell', [...PLACE, ...SERVER, '--exec', 'sh -c "ffmpeg {url}"'], {}, /^--exec: a shell would read/],
    ['an open quote', [...PLACE, ...SERVER, '--exec', 'ffmpeg "{url}'], {}, /^--exec has a quote/],
    ['a wrong key', [...PLACE, ...SERVER], { STREAM_KEY: 'wrong' }, /stream_key_invalid/],
    [
      'a transport that the key is not for',
      [...PLACE, '--kind', 'red5', '--server', 'rtsp://x', '--transport', 'RTSP'],
      { STREAM_KEY: 'KEY' },
      /stream_key_scope/,
    ],
  ])('%s is one line with what would be right', async (_what, args, { STREAM_KEY = '', ...env }, line) => {
    const secret = STREAM_KEY === 'KEY' ? key : STREAM_KEY;
    const { code, out, err } = await run(args, { ...env, STREAM_KEY: secret });
    expect(out).toBe('');
    expect(code).toBe(/^(Unknown option|name the room|--)/.test(err) ? 2 : 1);
    expect(err).toMatch(line);
    expect(err).not.toContain(key);
  });
});

/** Ends at once the first time; then runs until a signal. */
const ENCODER = `
  import { appendFileSync, existsSync } from 'node:fs';
  const [, , file, url] = process.argv;
  const again = existsSync(file);
  const { STREAM_KEY, SUBJECT_TOKEN, STREAM_URL } = process.env;
  const note = (what) => appendFileSync(file, JSON.stringify(what) + '\\n');
  if (again) {
    process.on('SIGTERM', () => { note({ signal: 'SIGTERM' }); process.exit(0); });
    setInterval(() => undefined, 1000);
  }
  note({ url, kept: [STREAM_KEY, SUBJECT_TOKEN].some((value) => value !== undefined), same: url === STREAM_URL });
  if (!again) process.exit(1);
`;

test('--exec starts the encoder again with a new address, and ends it by the signal that it gets itself', async () => {
  const script = join(folder, 'encoder.mjs');
  const notes = join(folder, 'notes');
  await writeFile(script, ENCODER);
  const exec = `"${process.execPath}" "${script}" "${notes}" {url}`;
  const command = ['cli/stream-url.ts', ...PLACE, ...SERVER, '--endpoint', endpoint, '--exec', exec];
  const child = spawn(process.execPath, command, {
    cwd: PROJECT,
    env: { STREAM_KEY: key },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = Promise.all([readAll(child.stdout), readAll(child.stderr)]);
  const ended = once(child, 'exit');
  const readNotes = async () =>
    (await readFile(notes, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  await vi.waitUntil(async () => (await readNotes().catch(() => [])).length === 2, { timeout: 15_000 });
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);

  const url = expect.stringMatching(/^rtmp:\/\/red5\.example\.com\/live\/studio-1\?.*\/main$/);
  expect(await readNotes()).toEqual([
    { url, kept: false, same: true },
    { url, kept: false, same: true },
    { signal: 'SIGTERM' },
  ]);
  expect(asked.map((form) => form.get('expires_in'))).toEqual(['60', '60']);
  const [out, err] = await printed;
  expect(out).toBe('');
  expect(err).toMatch(/ended with 1; again in (0\.[5-9]|1\.0) s\n$/);
}, 30_000);
