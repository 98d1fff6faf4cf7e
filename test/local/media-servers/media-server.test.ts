import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startMediaServer } from '../../../local/media-servers/start-media-server.ts';
import { connect, startServer, temporaryFolder, writeSecret, writeText } from './support.ts';
import { now, secret, sign } from './token-text.ts';

const run = promisify(execFile);
const good = sign({ exp: now + 60 });
const other = 'another-secret-of-more-than-thirty-two-bytes';

describe('POST /connect', () => {
  test('says what was granted and by which node', async () => {
    const server = await startServer('red5');
    const token = sign({ iss: 'streampass', exp: now + 60, roles: 'red5-publisher', 'red5-room': 'news-1' });
    const asked = { token, room: 'news-1', action: 'publish', transport: 'WHIP' };
    expect(await connect(server, asked)).toEqual({
      status: 200,
      body: {
        server: 'red5',
        node: 0,
        nodes: 2,
        action: 'publish',
        granted: { user: null, role: 'red5-publisher', room: 'news-1', transport: 'WHIP' },
      },
    });
    expect(await connect(server, { ...asked, action: 'subscribe' })).toEqual({
      status: 403,
      body: { server: 'red5', node: 1, nodes: 2, reason: 'role red5-subscriber is required' },
    });
  });

  test('goes to the nodes in turn, or to the one asked for', async () => {
    const server = await startServer('rtcstats', { secrets: [secret, secret, secret] });
    const nodes = [];
    for (const query of ['', '', '', '', '?node=2', '?node=0', '']) {
      nodes.push((await connect(server, { token: good }, query)).body['node']);
    }
    expect(nodes).toEqual([0, 1, 2, 0, 2, 0, 1]);
  });

  test('sends who was turned away by a node to that node again, known by the jti of both tokens', async () => {
    const server = await startServer('rtcstats', { secrets: [secret, other, secret, other] });
    const [first, fallback] = [secret, other].map((key) => sign({ exp: now + 60, jti: 'set-1' }, { key }));
    const tried: unknown[] = [];
    for (const token of [first, first, fallback, first, first, fallback, first]) {
      const { status, body } = await connect(server, { token });
      tried.push([status, body['node']]);
    }
    expect(tried).toEqual([
      [200, 0],
      [403, 1],
      [200, 1],
      [200, 2],
      [403, 3],
      [200, 3],
      [200, 0],
    ]);
  });

  test.each([
    ['what is not JSON', '{', 'the body is not JSON'],
    ['an empty body', '', 'the body is not JSON'],
    ['an array', '[]', 'the body is not a JSON object'],
    ['a token that is not a string', { token: 5 }, 'token is not a string'],
    ['a room that is a list', { token: good, room: ['a'] }, 'room is not a string'],
    [
      'an action that it does not know',
      { token: good, action: 'dance' },
      'action must be one of: join, moderate',
    ],
    ['a huge body', { token: 'x'.repeat(70_000) }, 'the body is longer than 65536 bytes'],
  ])('answers 400 to %s', async (_title, body, reason) => {
    const server = await startServer('jitsi');
    expect(await connect(server, body)).toEqual({ status: 400, body: { reason } });
  });

  test('answers 400 to a node that there is not', async () => {
    const server = await startServer('jitsi');
    const { status, body } = await connect(server, { token: good }, '?node=2');
    expect([status, body]).toEqual([400, { reason: 'there is no such node: 0 to 1' }]);
  });

  test('says so where the real server never answers', async () => {
    const server = await startServer('jitsi');
    expect(await connect(server, { token: 'Bearer x.y.z' })).toMatchObject({
      status: 403,
      body: { never_answers: true },
    });
  });

  test('may be called by any page', async () => {
    const server = await startServer('jitsi');
    const preflight = await fetch(`${server.url}/connect`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('content-type');
  });
});

describe('a node', () => {
  test('holds the secret that it read until it is reloaded', async () => {
    const server = await startServer('rtcstats');
    const newToken = sign({}, { key: other });
    await writeSecret('rtcstats', server.files[0]!, other);
    expect(await connect(server, { token: newToken }, '?node=0')).toMatchObject({ status: 403 });
    expect(await connect(server, { token: good }, '?node=0')).toMatchObject({ status: 200 });

    const reloaded = await fetch(`${server.url}/nodes/0/reload`, { method: 'POST' });
    expect(reloaded.status).toBe(200);
    expect(await connect(server, { token: newToken }, '?node=0')).toMatchObject({ status: 200 });
    expect(await connect(server, { token: good }, '?node=0')).toMatchObject({ status: 403 });
    expect(await connect(server, { token: good }, '?node=1')).toMatchObject({ status: 200 });
  });

  test.each(['red5', 'rtcstats'] as const)('of %s takes no connections while it restarts', async (kind) => {
    const server = await startServer(kind, { downtimeMs: 30 });
    const reload = server.reload(0);
    await expect.poll(() => server.status()[0]?.state).toBe('reloading');
    expect(await connect(server, { token: good }, '?node=0')).toMatchObject({ status: 503 });
    expect((await connect(server, { token: good })).body['node']).toBe(1);
    expect(await reload).toMatchObject({ state: 'up' });
  });

  test('of jitsi reloads without a gap', async () => {
    const server = await startServer('jitsi', { downtimeMs: 60_000 });
    await writeSecret('jitsi', server.files[0]!, other);
    const states = [];
    const reload = server.reload(0);
    states.push(server.status()[0]?.state);
    await reload;
    states.push(server.status()[0]?.state);
    expect(states).toEqual(['up', 'up']);
    expect(server.status()[0]?.secretFingerprint).toBe(
      createHash('sha256').update(other).digest('hex').slice(0, 8),
    );
  });

  test('without a secret takes no connections until it was given one', async () => {
    const server = await startServer('rtcstats', { secrets: ['', secret] });
    expect(server.status()[0]).toMatchObject({ state: 'waiting for a secret', secretFingerprint: null });
    expect(await connect(server, { token: good }, '?node=0')).toEqual({
      status: 503,
      body: { reason: 'node 0 takes no connections: waiting for a secret' },
    });
    expect((await connect(server, { token: good })).body['node']).toBe(1);

    await writeSecret('rtcstats', server.files[0]!, secret);
    expect(await server.reload(0)).toMatchObject({ state: 'up' });
    expect(await connect(server, { token: good }, '?node=0')).toMatchObject({ status: 200 });
  });

  test('with a file that it cannot read says so, and the others go on', async () => {
    const server = await startServer('jitsi');
    await writeText(server.files[0]!, 'app_secret = "');
    expect(await server.reload(0)).toMatchObject({
      state: 'cannot read its config',
      problem: expect.stringMatching(/^line 1/),
    });
    const token = sign({ iss: 'streampass', aud: 'jitsi', sub: '*', room: '*' });
    expect(await connect(server, { token, room: 'a' })).toMatchObject({ status: 200, body: { node: 1 } });
  });

  test('none of which is up answers 503', async () => {
    const server = await startServer('red5', { secrets: ['', ''] });
    expect(await connect(server, { token: good })).toEqual({
      status: 503,
      body: { reason: 'no node takes connections now' },
    });
  });
});

describe('GET /status', () => {
  test('counts, and names secrets by their fingerprint only', async () => {
    const server = await startServer('rtcstats');
    await connect(server, { token: good }, '?node=1');
    await connect(server, { token: 'x' }, '?node=1');
    const text = await (await fetch(`${server.url}/status`)).text();
    const fingerprint = createHash('sha256').update(secret).digest('hex').slice(0, 8);
    expect(JSON.parse(text)).toMatchObject({
      nodes: [
        { index: 0, state: 'up', secretFingerprint: fingerprint, connected: 0, refused: 0 },
        { index: 1, state: 'up', secretFingerprint: fingerprint, connected: 1, refused: 1 },
      ],
    });
    expect(text).not.toContain(secret);
  });
});

describe('the reload command', () => {
  const command = 'local/media-servers/reload.ts';

  test.each(['file', 'address'] as const)('reloads the node of a configuration by its %s', async (by) => {
    const server = await startServer('rtcstats', { downtimeMs: 30 });
    await writeSecret('rtcstats', server.files[1]!, other);
    const target = by === 'file' ? server.files[1]! : `${server.url}/nodes/1/reload`;
    await run(process.execPath, [command, target]);
    expect(await connect(server, { token: sign({}, { key: other }) }, '?node=1')).toMatchObject({
      status: 200,
    });
    expect(await connect(server, { token: good }, '?node=0')).toMatchObject({ status: 200 });
  });

  test('fails where the node does not come up', async () => {
    const server = await startServer('rtcstats');
    await writeSecret('rtcstats', server.files[0]!, '');
    await expect(run(process.execPath, [command, server.files[0]!])).rejects.toMatchObject({
      code: 1,
      stderr: 'reload: the node is not up: waiting for a secret\n',
    });
  });

  test('fails where no server reads the file', async () => {
    const file = `${await temporaryFolder()}/config`;
    await expect(run(process.execPath, [command, file])).rejects.toMatchObject({
      code: 1,
      stderr: `reload: no local media server reads ${file}\n`,
    });
  });
});

describe('startMediaServer', () => {
  test('says which port is taken', async () => {
    const first = await startServer('red5');
    const second = startMediaServer({ kind: 'jitsi', port: first.port, files: [] });
    await expect(second).rejects.toThrow(`port ${first.port} is taken`);
  });

  test('frees its port and takes its files away when it closes', async () => {
    const { port, files, close } = await startServer('red5');
    await access(`${files[0]}.reload-address`);
    await close();
    await expect(access(`${files[0]}.reload-address`)).rejects.toThrow('ENOENT');
    const again = await startMediaServer({ kind: 'red5', port, files: [] });
    await again.close();
    expect(again.port).toBe(port);
  });
});
