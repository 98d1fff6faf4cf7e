import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { judgeAnswer } from '../src/exchange.ts';
import { createStreamPass, type StreamPassOptions } from '../src/index.ts';

interface Seen {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly form: Record<string, string>;
}

let server: Server;
let endpoint: string;
let seen: Seen[];
let answer: { status: number; headers?: Record<string, string>; body: string };

beforeEach(async () => {
  seen = [];
  answer = { status: 200, body: JSON.stringify({ access_token: 'a.b.c', expires_in: 900 }) };
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const form = Object.fromEntries(new URLSearchParams(body));
      seen.push({ method: request.method, headers: request.headers, form });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function askOnce(options: Partial<StreamPassOptions> = {}): Promise<string> {
  const pass = createStreamPass({ endpoint, audience: 'red5', subjectToken: 'x.y.z', ...options });
  const delayed = new AbortController();
  pass.on('delayed', (error) => delayed.abort(error));
  try {
    return await pass.token({ signal: delayed.signal });
  } finally {
    pass.close();
  }
}

test('sends an RFC 8693 form with no header that would cost a preflight', async () => {
  expect(
    await askOnce({ scope: ['publish', 'subscribe'], room: 'a b', transport: 'WHIP', expiresInSeconds: 120 }),
  ).toBe('a.b.c');
  const [{ method, headers, form }] = seen as [Seen];
  expect(method).toBe('POST');
  expect(form).toEqual({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: 'x.y.z',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    audience: 'red5',
    scope: 'publish subscribe',
    room: 'a b',
    transport: 'WHIP',
    expires_in: '120',
    session: expect.stringMatching(/^s[0-9a-z]{5,}$/) as string,
  });
  expect(headers['content-type']).toMatch(/^application\/x-www-form-urlencoded(;|$)/);
  expect(headers).not.toHaveProperty('authorization');
  expect(headers).not.toHaveProperty('cookie');
});

test('asks the browser for a request without credentials, headers or redirects', async () => {
  const inits: RequestInit[] = [];
  await askOnce({
    fetch: (input, init) => {
      inits.push(init ?? {});
      return fetch(input, init);
    },
  });
  expect(inits).toMatchObject([{ method: 'POST', credentials: 'omit', redirect: 'error' }]);
  expect(inits[0]).not.toHaveProperty('headers');
});

test('sends an empty list as empty, so that it is refused and never means "any"', async () => {
  await askOnce({ room: [] });
  expect(seen[0]?.form).toHaveProperty('room', '');
});

test('names the subject token’s type and the session', async () => {
  await askOnce({ subjectTokenType: 'access_token', session: 's1' });
  expect(seen[0]?.form).toMatchObject({
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    session: 's1',
  });
});

test('does not carry the identity token along a redirect', async () => {
  answer = { status: 307, headers: { location: `${endpoint}/elsewhere` }, body: '' };
  await expect(askOnce()).rejects.toMatchObject({ kind: 'try-later', reason: 'network' });
  expect(seen.filter(({ form }) => 'subject_token' in form)).toHaveLength(1);
});

test('a server that is not there is the network’s fault', async () => {
  await new Promise((resolve) => server.close(resolve));
  await expect(askOnce()).rejects.toMatchObject({ kind: 'try-later', reason: 'network' });
});

test('reads retry-after from the header', async () => {
  answer = { status: 503, headers: { 'retry-after': '7' }, body: '{"reason":"issuer_unreachable"}' };
  await expect(askOnce()).rejects.toMatchObject({
    kind: 'try-later',
    reason: 'issuer_unreachable',
    retryAfterSeconds: 7,
  });
});

test('a page of HTML in place of a token is tried again later', async () => {
  answer = { status: 200, body: '<html>Welcome to the hotel</html>' };
  await expect(askOnce()).rejects.toMatchObject({ kind: 'try-later', reason: 'http_200' });
});

test.each([
  [
    400,
    { error: 'invalid_request', reason: 'subject_token_expired' },
    'sign-in-again',
    'subject_token_expired',
  ],
  [400, { error: 'invalid_scope', reason: 'room_not_allowed' }, 'not-allowed', 'room_not_allowed'],
  [400, { error: 'invalid_scope' }, 'not-allowed', 'invalid_scope'],
  [400, { error: 'invalid_request', reason: 'room_malformed' }, 'bad-request', 'room_malformed'],
  [400, { error: 'invalid_target', reason: 'target_unknown' }, 'bad-request', 'target_unknown'],
  [400, { error: 'toString', reason: 'constructor' }, 'bad-request', 'constructor'],
  [403, { message: 'Forbidden' }, 'bad-request', 'http_403'],
  [404, undefined, 'bad-request', 'http_404'],
  [429, { message: 'Too Many Requests' }, 'try-later', 'http_429'],
  [502, 'Bad Gateway', 'try-later', 'http_502'],
  [503, { error: 'temporarily_unavailable', reason: 'no_issuer' }, 'try-later', 'no_issuer'],
  [200, { access_token: 7, expires_in: 900 }, 'try-later', 'http_200'],
  [200, { access_token: 'a.b.c', expires_in: -1 }, 'try-later', 'http_200'],
  [200, null, 'try-later', 'http_200'],
] as const)('%i %j is %s, %s', (status, body, kind, reason) => {
  expect(() => judgeAnswer(status, null, body)).toThrow(expect.objectContaining({ kind, reason }));
});

test.each([
  ['the header', '5', {}, 5],
  ['the body where CORS hides the header', null, { retry_after: 5 }, 5],
  ['the body where the header is a date', 'Wed, 21 Oct 2026 07:28:00 GMT', { retry_after: 5 }, 5],
  ['nobody', null, {}, undefined],
])('the wait is named by %s', (_, header, body, retryAfterSeconds) => {
  expect(() => judgeAnswer(503, header, body)).toThrow(expect.objectContaining({ retryAfterSeconds }));
});

test('refresh_in is 60 % of the life where an answer does not say', () => {
  expect(judgeAnswer(200, null, { access_token: 'a', expires_in: 100 }).refreshInSeconds).toBe(60);
});
