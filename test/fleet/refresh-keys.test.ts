import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { keyFetchingServers } from '../../lib/fleet/refresh-keys.ts';
import { mediamtx } from '../../lib/media-servers/index.ts';

const version = { versionId: '11111111-0000-4000-8000-000000000001', text: '{}' };

test('each server is asked to fetch its keys again, and one that does not is a node with a problem', async () => {
  const asked: string[] = [];
  const server = createServer(({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    response.writeHead(asked.length === 1 ? 200 : 500).end();
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { keyRefresh = [] } = mediamtx({ issuer: 'streampass', refresh: [api] });
  const first = await keyFetchingServers(keyRefresh).apply('arn', [version], 'all');
  const second = await keyFetchingServers([...keyRefresh, 'http://127.0.0.1:9/x']).apply(
    'arn',
    [version],
    'all',
  );
  server.close();
  expect(asked).toEqual(['POST /v3/auth/jwks/refresh', 'POST /v3/auth/jwks/refresh']);
  expect(first).toEqual([{ node: `${api}/v3/auth/jwks/refresh`, holds: [version.versionId] }]);
  expect(second).toMatchObject([
    { holds: [], problem: 'did not fetch its keys again: status 500' },
    { holds: [], problem: expect.stringMatching(/^cannot be reached/) as string },
  ]);
});

test('a target says what is left to do after an emergency, if nothing does it', () => {
  expect(mediamtx({ issuer: 'streampass' }).afterEmergency).toContain('/v3/auth/jwks/refresh');
  expect(
    mediamtx({ issuer: 'streampass', refresh: ['http://10.0.0.5:9997'] }).afterEmergency,
  ).toBeUndefined();
});
