import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startDemoPage, type DemoPage } from '../../../local/demo/server.ts';

const report = { targets: { red5: { phase: 'steady' } } };
let asked: unknown[] = [];
let answer: () => Promise<unknown>;
let page: DemoPage;

beforeAll(async () => {
  page = await startDemoPage({
    port: 0,
    api: 'http://localhost:3000',
    oidcIssuer: 'http://localhost:3001',
    servers: [
      { target: 'red5', kind: 'red5', url: 'http://localhost:3004' },
      { target: 'quality', kind: 'rtcstats', url: 'http://localhost:3006' },
    ],
    rotate: (event) => {
      asked.push(event);
      return answer();
    },
    profile: 'default',
  });
});

beforeEach(() => {
  asked = [];
  answer = () => Promise.resolve(report);
});

afterAll(() => page.close());

describe('the files', () => {
  test.each([
    ['/', 'text/html'],
    ['/callback?code=c&state=s', 'text/html'],
    ['/page.js', 'text/javascript'],
    ['/page.css', 'text/css'],
    ['/icon.svg', 'image/svg+xml'],
    ['/config.json', 'application/json'],
  ])('%s is served as %s, by a policy without inline script', async (path, type) => {
    const response = await fetch(page.url + path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(type);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain(`default-src 'none'; script-src 'self';`);
    expect(policy).toContain('ws://localhost:3006');
    expect(policy).not.toContain('unsafe');
  });

  test('what is not there is not found', async () => {
    expect((await fetch(`${page.url}/../package.json`)).status).toBe(404);
  });

  test('the configuration tells the page where everything is', async () => {
    expect(await (await fetch(`${page.url}/config.json`)).json()).toMatchObject({
      tokenEndpoint: 'http://localhost:3000/token',
      clientId: 'streampass-demo',
      profile: 'default',
    });
  });
});

describe('the rotation', () => {
  const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${page.url}/rotation`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: page.url, ...headers },
      body,
    });

  test('is only looked at by GET', async () => {
    const response = await fetch(`${page.url}/rotation`);
    expect(await response.json()).toEqual(report);
    expect(asked).toEqual([{ action: 'status' }]);
  });

  test.each([
    ['start', { action: 'start' }],
    ['emergency', { action: 'start', emergency: true, targets: 'red5' }],
    ['abort', { action: 'abort' }],
  ])('action %s becomes the event of the function', async (action, event) => {
    expect((await post(JSON.stringify({ action, target: 'red5' }))).status).toBe(200);
    expect(asked).toEqual([event]);
  });

  test.each<[what: string, status: number, body: string, headers: Record<string, string>]>([
    ['another page of this machine', 403, '{"action":"start"}', { origin: 'http://localhost:5173' }],
    ['a form', 415, 'action=start', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a text', 415, '{"action":"start"}', { 'content-type': 'text/plain' }],
    ['an action that there is not', 400, '{"action":"toString"}', {}],
    ['what is not JSON', 400, '{', {}],
    ['a body without an end', 400, `{"action":"start","x":"${'x'.repeat(5000)}"}`, {}],
  ])('is not changed by %s', async (_what, status, body, headers) => {
    const response = await post(body, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toHaveProperty('problem');
    expect(asked).toEqual([]);
  });

  test('says why where the function fails', async () => {
    answer = () => Promise.reject(new Error('no secret'));
    const response = await fetch(`${page.url}/rotation`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ problem: 'The rotate function does not answer: no secret' });
  });
});
