import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeDefaultConfigFile } from '../../local/media-servers/config-templates.ts';
import { startMediaServer, type MediaServer } from '../../local/media-servers/start-media-server.ts';
import { acceptedKey, probe } from '../../lib/fleet/probe.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { jitsi, red5, rtcstats } from '../../lib/media-servers/index.ts';
import type { Target } from '../../lib/media-servers/target.ts';

const right = {
  versionId: '11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
  text: 'first-secret-first-secret-first-secret-1',
};
const wrong = {
  versionId: '22222222-bbbb-4bbb-8bbb-bbbbbbbbbbbb',
  text: 'other-secret-other-secret-other-secret-2',
};
const means = { now: () => Date.now() / 1000, newId: () => 'probe-1' };

const targets = {
  red5: red5({ secret: 's', issuer: 'streampass' }),
  jitsi: jitsi({ secret: 's', appId: 'streampass', domain: 'meet.example.com' }),
  rtcstats: rtcstats({ secret: 's' }),
} satisfies Record<string, Target>;
const kinds = ['red5', 'jitsi', 'rtcstats'] as const;

const folder = mkdtempSync(join(tmpdir(), 'streampass-probe-'));
const servers = new Map<string, MediaServer>();
beforeAll(async () => {
  for (const kind of kinds) {
    const file = join(folder, kind);
    await writeDefaultConfigFile(kind, file, { secret: right.text });
    servers.set(kind, await startMediaServer({ kind, port: 0, files: [file], downtimeMs: 0 }));
  }
});
afterAll(async () => {
  for (const server of servers.values()) await server.close();
  rmSync(folder, { recursive: true });
});

describe.each(kinds)('a probe of %s', (kind) => {
  const address = () => `http://127.0.0.1:${servers.get(kind)?.port}`;

  test('is accepted by the secret that the server holds', async () => {
    expect(await probe(targets[kind], [address()], right, means)).toEqual({ accepted: true });
  });

  test('is turned away by another one, in the words of the server', async () => {
    const result = await probe(targets[kind], [address()], wrong, means);
    const words = {
      red5: /status 401 .*signature/i,
      jitsi: /Invalid signature/,
      rtcstats: /closed with 1008/,
    };
    expect(result).toMatchObject({ accepted: false, problem: expect.stringMatching(words[kind]) as string });
    expect(JSON.stringify(result)).not.toMatch(/eyJ|secret-/);
  });

  const keyOf = ({ text }: typeof right) => ({ alg: 'HS256', kid: 'k', key: hmacKey(text) }) as const;
  test.each([
    ['the first', { current: keyOf(right), fallback: keyOf(wrong) }, 'first'],
    ['the fallback', { current: keyOf(wrong), fallback: keyOf(right) }, 'fallback'],
    ['both, which tells nothing', { current: keyOf(right), fallback: keyOf(right) }, undefined],
    ['none, which tells nothing', { current: keyOf(wrong), fallback: keyOf(wrong) }, undefined],
  ])('tells which of two keys is accepted: %s', async (_which, ring, accepted) => {
    expect(await acceptedKey(targets[kind], address(), ring, means)).toBe(accepted);
  });

  test('has to be accepted at every address', async () => {
    const nobody = 'http://127.0.0.1:9';
    const result = await probe(targets[kind], [address(), nobody], right, means);
    expect(result).toMatchObject({
      accepted: false,
      problem: expect.stringMatching(/127.0.0.1:9: cannot be reached/) as string,
    });
  });
});

test('a server that never answers is told apart from one that cannot be reached', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((listening) => {
    silent.listen(0, '127.0.0.1', listening);
  });
  const { port } = silent.address() as AddressInfo;
  try {
    const results = await Promise.all(
      kinds.map((kind) => probe(targets[kind], [`http://127.0.0.1:${port}`], right, means)),
    );
    const problem = expect.stringMatching(/: did not answer in time$/) as string;
    expect(results).toEqual(kinds.map(() => ({ accepted: false, problem })));
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});

/** A server that answers as the test says, and notes what it was asked. */
async function serverThat(answer: RequestListener): Promise<{ url: string; asked: string[]; close(): void }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split('?')[0]}`);
    answer(request, response);
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close };
}

describe('what a server answers', () => {
  const tokenOf = (url: string | undefined) => new URL(url ?? '', 'http://x').searchParams.get('token') ?? '';

  test.each<[string, (token: string) => string]>([
    ['the token', (token) => token],
    ['its signature', (token) => token.split('.')[2] ?? ''],
    ['its first half', (token) => token.slice(0, token.length / 2)],
    ['twelve characters of it', (token) => token.slice(40, 52)],
    ['it in capitals', (token) => token.toUpperCase()],
    ['it over two lines', (token) => `${token.slice(0, 80)}\n${token.slice(80)}`],
    ['it in brackets', (token) => `<${token}>`],
  ])('does not bring %s into the report', async (_, said) => {
    let token = '';
    const server = await serverThat(({ url }, response) => {
      token = tokenOf(url);
      response.writeHead(403).end(`No: ${said(token)}. Go away.`);
    });
    const result = await probe(targets.red5, [`${server.url}/live`], right, means);
    server.close();
    const problem = result.accepted ? '' : result.problem;
    expect(problem).toMatch(/status 403 No: .*\(token\).*Go away/);
    const low = problem.toLowerCase();
    for (let at = 0; at + 6 <= token.length; at++)
      expect(low).not.toContain(token.slice(at, at + 6).toLowerCase());
  });

  test('is read up to 64 KiB and no further', async () => {
    let sent = 0;
    const server = await serverThat((_request, response) => {
      response.writeHead(403);
      const pour = (): void => {
        if (response.destroyed) return;
        sent += 65_536;
        response.write('x'.repeat(65_536), () => setImmediate(pour));
      };
      pour();
    });
    const result = await probe(targets.red5, [server.url], right, means);
    server.close();
    expect(result).toMatchObject({
      accepted: false,
      problem: expect.stringContaining('status 403 xxx') as string,
    });
    // What the sockets in between hold is sent, but not read.
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  });

  test('leads a probe nowhere: a redirect is a refusal', async () => {
    const other = await serverThat((_request, response) => response.writeHead(201).end());
    const server = await serverThat((_request, response) =>
      response.writeHead(307, { location: `${other.url}/live` }).end(),
    );
    const results = [];
    for (const kind of kinds) results.push(await probe(targets[kind], [server.url], right, means));
    server.close();
    other.close();
    expect(results.map(({ accepted }) => accepted)).toEqual([false, false, false]);
    expect(other.asked).toEqual([]);
  });

  test('is asked to end the session that was opened, at this origin alone', async () => {
    const other = await serverThat((_request, response) => response.writeHead(200).end());
    let location = '/live/session/1';
    const server = await serverThat((_request, response) => response.writeHead(201, { location }).end());
    expect(await probe(targets.red5, [server.url], right, means)).toEqual({ accepted: true });
    location = `${other.url}/live/session/2`;
    expect(await probe(targets.red5, [server.url], right, means)).toEqual({ accepted: true });
    server.close();
    other.close();
    expect(server.asked.filter((asked) => asked.startsWith('DELETE'))).toEqual(['DELETE /live/session/1']);
    expect(other.asked).toEqual([]);
  });
});

test.each([
  ['what is not an address', targets.red5, 'nonsense', right, /is not an address/],
  [
    'a version that is no key',
    { ...targets.jitsi, signing: 'RS256' } as Target,
    'http://127.0.0.1:9',
    right,
    /no token can be signed/,
  ],
  [
    'a kind without a probe',
    { ...targets.red5, kind: 'other' } as Target,
    'http://127.0.0.1:9',
    right,
    /no probe is known/,
  ],
])('is refused for %s', async (_, target, address, version, problem) => {
  expect(await probe(target, [address], version, means)).toMatchObject({
    accepted: false,
    problem: expect.stringMatching(problem) as string,
  });
});
