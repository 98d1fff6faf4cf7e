import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeDefaultConfigFile } from '../../local/media-servers/config-templates.ts';
import { startMediaServer, type MediaServer } from '../../local/media-servers/start-media-server.ts';
import { probe } from '../../lib/fleet/probe.ts';
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

test('a server that sends the token back does not get it into the report', async () => {
  const echo = createServer(({ url }, response) => response.writeHead(403).end(url));
  await new Promise<void>((listening) => {
    echo.listen(0, '127.0.0.1', listening);
  });
  const { port } = echo.address() as AddressInfo;
  const result = await probe(targets.red5, [`http://127.0.0.1:${port}/live`], right, means);
  echo.close();
  expect(result).toMatchObject({
    accepted: false,
    problem: expect.stringContaining('token=(token)') as string,
  });
});

test.each([
  ['what is no address', targets.red5, 'nonsense', right, /is no address/],
  [
    'a version that is no key',
    { ...targets.jitsi, signing: 'RS256' } as Target,
    'http://127.0.0.1:9',
    right,
    /is no key/,
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
