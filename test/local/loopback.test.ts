import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { listenOnLoopback } from '../../local/loopback.ts';

let reached: string[];

beforeEach(() => {
  reached = [];
});

async function start(): Promise<number> {
  const { port, close } = await listenOnLoopback(
    0,
    ({ method }, response) => {
      reached.push(`${method}`);
      response.end();
    },
    {
      upgrade: (_request, socket) => {
        reached.push('upgrade');
        socket.destroy();
      },
    },
  );
  onTestFinished(close);
  return port;
}

/** `fetch` does not let a Host be chosen. */
async function statusOf(port: number, options: RequestOptions): Promise<number | undefined> {
  const sent = request({ port, host: '127.0.0.1', ...options }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

const own: readonly [string, RequestOptions][] = [
  ['a program', { method: 'POST', headers: { host: 'localhost:3002' } }],
  ['a program that asks by address', { method: 'POST', headers: { host: '127.0.0.1:3002' } }],
  [
    'a page of this machine',
    { method: 'POST', headers: { host: '[::1]:1', origin: 'http://localhost:5173' } },
  ],
  [
    'a link on another site’s page',
    { method: 'GET', headers: { host: 'localhost:1', origin: 'https://attacker.example' } },
  ],
];

const foreign: readonly [string, number, RequestOptions][] = [
  ['a name that was rebound to this address', 421, { method: 'GET', headers: { host: 'attacker.example' } }],
  ['a name that begins as ours', 421, { method: 'GET', headers: { host: 'localhost.attacker.example:80' } }],
  ['a name with credentials', 421, { method: 'GET', headers: { host: 'x@localhost' } }],
  [
    'a form of another site',
    403,
    { method: 'POST', headers: { host: 'localhost', origin: 'https://attacker.example' } },
  ],
  ['a page in a sandbox', 403, { method: 'POST', headers: { host: 'localhost', origin: 'null' } }],
  [
    'a name that begins as a page of ours',
    403,
    { method: 'DELETE', headers: { host: 'localhost', origin: 'http://localhost:1.attacker.example' } },
  ],
];

describe('a listener on loopback', () => {
  test.each(own)('answers %s', async (_title, options) => {
    expect(await statusOf(await start(), options)).toBe(200);
    expect(reached).toEqual([options.method]);
  });

  test.each(foreign)('refuses %s with %i', async (_title, status, options) => {
    expect(await statusOf(await start(), options)).toBe(status);
    expect(reached).toEqual([]);
  });

  test('opens no WebSocket for a page of another site', async () => {
    const sent = request({
      port: await start(),
      host: '127.0.0.1',
      headers: { connection: 'upgrade', upgrade: 'websocket', origin: 'https://attacker.example' },
    }).end();
    await once(sent, 'error');
    expect(reached).toEqual([]);
  });
});

describe('a process that refuses foreign requests', () => {
  test.each([...own.map(([title, options]) => [title, 200, options] as const), ...foreign])(
    'answers %s with %i, whatever server it runs',
    async (_title, status, { method, headers }) => {
      const script = `
        const { createServer, request } = require('node:http');
        const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1', () => {
          request({ port: server.address().port, host: '127.0.0.1', ...${JSON.stringify({ method, headers })} }, (answer) => {
            console.log(answer.statusCode);
            process.exit(0);
          }).end();
        });`;
      const { stdout } = await promisify(execFile)(process.execPath, [
        `--import=${join(import.meta.dirname, '../../local/refuse-foreign.ts')}`,
        '--eval',
        script,
      ]);
      expect(Number(stdout)).toBe(status);
    },
  );
});
