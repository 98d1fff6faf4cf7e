import { expect, test, vi } from 'vitest';
import { connect } from '../src/connect.ts';
import { StreamPassError } from '../src/error.ts';
import { createStage, SIGN_IN_EXPIRED } from './support/stream-pass.ts';
import { settle } from './support/virtual-environment.ts';

const WITH_FALLBACK = { kind: 'issues', fallback: true } as const;

/** A media server that lets in these tokens only, and keeps a list of what it was shown. */
function createServer(...accepted: readonly string[]) {
  const shown: string[] = [];
  return {
    shown,
    open: (token: string): Promise<string> => {
      shown.push(token);
      return accepted.includes(token)
        ? Promise.resolve(`in by ${token}`)
        : Promise.reject(new Error('403 Forbidden'));
    },
  };
}

test.each([
  ['the first token', 'token-1', ['token-1'], 1],
  ['the fallback', 'fallback-1', ['token-1', 'fallback-1'], 1],
  ['a fresh token', 'token-2', ['token-1', 'fallback-1', 'token-2'], 2],
  ['a fresh fallback', 'fallback-2', ['token-1', 'fallback-1', 'token-2', 'fallback-2'], 2],
])('gets in by %s', async (_, accepted, shown, exchanges) => {
  const { api, pass } = createStage();
  api.behaviour = WITH_FALLBACK;
  const server = createServer(accepted);
  expect(await connect(pass, server.open)).toBe(`in by ${accepted}`);
  expect([server.shown, api.exchanges]).toEqual([shown, exchanges]);
});

test('tells the attempt which token it is given', async () => {
  const { api, pass } = createStage();
  api.behaviour = WITH_FALLBACK;
  const offers: string[] = [];
  const refuseAll = (_: string, offered: string): never => {
    offers.push(offered);
    throw new Error('refused');
  };
  await expect(connect(pass, refuseAll)).rejects.toMatchObject({ kind: 'refused' });
  expect(offers).toEqual(['first', 'first-fallback', 'fresh', 'fresh-fallback']);
});

test('gives up with every refusal it met, and no token in the error', async () => {
  const { api, pass } = createStage();
  api.behaviour = WITH_FALLBACK;
  const failure = await connect(pass, (token) =>
    Promise.reject(new Error(`POST /whip?token=${token} answered 403`)),
  ).catch((error: StreamPassError) => error);
  expect(failure).toMatchObject({ kind: 'refused', reason: 'token_refused' });
  expect(failure.refusals).toEqual(
    ['first', 'first-fallback', 'fresh', 'fresh-fallback'].map((offered) => ({
      offered,
      message: 'POST /whip?token=(token) answered 403',
    })),
  );
  expect(JSON.stringify(failure) + String(failure)).not.toMatch(/token-\d|fallback-\d/);
  expect(String(failure)).toContain('fresh-fallback token refused: POST /whip?token=(token) answered 403');
});

test.each([
  ['an error', new Error('no'), 'no'],
  ['a text', 'no', 'no'],
  ['a response', { status: 401 }, '401'],
  ['a close event', { code: 1008, reason: 'policy' }, '1008 policy'],
  ['a failed fetch', new TypeError('Failed to fetch'), 'Failed to fetch'],
])('%s thrown by the attempt is a refusal', async (_, thrown, message) => {
  const { pass } = createStage();
  const failure = await connect(pass, () => Promise.reject(thrown)).catch((error: unknown) => error);
  expect(failure).toMatchObject({ refusals: [{ message }, { message }] });
});

test.each([
  new ReferenceError('whip is not defined'),
  new RangeError('radix'),
  new DOMException('user left', 'AbortError'),
])('%s is not a refusal: it reaches the caller as it is, after one attempt', async (thrown) => {
  const { pass } = createStage();
  const attempt = vi.fn<() => Promise<never>>(() => Promise.reject(thrown));
  await expect(connect(pass, attempt)).rejects.toBe(thrown);
  expect(attempt).toHaveBeenCalledTimes(1);
});

test('the app may say itself what a refusal is', async () => {
  const { pass } = createStage();
  const thrown = new Error('camera is in use');
  const attempt = vi.fn<() => Promise<never>>(() => Promise.reject(thrown));
  const isRefusal = (error: unknown): boolean => String(error).includes('403');
  await expect(connect(pass, attempt, { isRefusal })).rejects.toBe(thrown);
  expect(attempt).toHaveBeenCalledTimes(1);
});

test('renews a due token before it connects', async () => {
  const { environment, pass } = createStage();
  await pass.token();
  environment.sleep(700_000);
  const server = createServer('token-2');
  await connect(pass, server.open);
  expect(server.shown).toEqual(['token-2']);
});

test('two connections refused together share one fresh exchange', async () => {
  const { api, pass } = createStage();
  const server = createServer('token-2');
  await Promise.all([connect(pass, server.open), connect(pass, server.open)]);
  expect(api.exchanges).toBe(2);
});

test('says what was refused when the fresh exchange is denied too', async () => {
  const { api, pass } = createStage();
  await pass.token();
  api.behaviour = SIGN_IN_EXPIRED;
  await expect(connect(pass, createServer().open)).rejects.toMatchObject({
    kind: 'sign-in-again',
    reason: 'subject_token_expired',
    refusals: [{ offered: 'first', message: '403 Forbidden' }],
  });
});

test('waits for the API to come back for its fresh token, until it is aborted', async () => {
  const { environment, api, pass } = createStage();
  await pass.token();
  api.behaviour = { kind: 'unreachable' };
  const stop = new AbortController();
  const connection = connect(pass, createServer().open, { signal: stop.signal });
  const failure = connection.catch((error: unknown) => error);
  await environment.pass(20_000);
  stop.abort();
  expect(await failure).toMatchObject({ kind: 'try-later', refusals: [{ offered: 'first' }] });
});

test('an abort between two attempts ends the rest', async () => {
  const { api, pass } = createStage();
  api.behaviour = WITH_FALLBACK;
  const stop = new AbortController();
  const attempt = vi.fn<() => never>(() => {
    stop.abort(new Error('left'));
    throw new Error('403');
  });
  await expect(connect(pass, attempt, { signal: stop.signal })).rejects.toThrow('left');
  expect(attempt).toHaveBeenCalledTimes(1);
});

test('close between two attempts ends the rest', async () => {
  const { api, pass } = createStage();
  api.behaviour = WITH_FALLBACK;
  const attempt = vi.fn<() => never>(() => {
    pass.close();
    throw new Error('403');
  });
  await expect(connect(pass, attempt)).rejects.toMatchObject({ kind: 'closed' });
  expect(attempt).toHaveBeenCalledTimes(1);
});

test('an app that reconnects in a loop to a server that is down asks the API ever less often', async () => {
  const { environment, api, pass } = createStage();
  const refuse = createServer().open;
  const reconnect = (): Promise<unknown> =>
    connect(pass, refuse).catch((error: StreamPassError) =>
      error.kind === 'closed' || api.exchanges > 100 ? error : reconnect(),
    );
  const end = reconnect();
  await environment.pass(600_000);
  expect(api.exchanges).toBeGreaterThan(5);
  expect(api.exchanges).toBeLessThan(30);
  pass.close();
  expect(await end).toMatchObject({ kind: 'closed' });
});

test.each([
  ['status 500', { status: 500 }, 'server_500'],
  ['status 404: no such stream', { status: 404 }, 'server_404'],
  ['status 429', { status: 429 }, 'server_429'],
  ['a server that goes away', { code: 1001 }, 'server_1001'],
  ['a server that is overloaded', { code: 1013 }, 'server_1013'],
])('%s is not a refusal: no other token is tried', async (_, thrown, reason) => {
  const { api, pass } = createStage();
  const attempt = vi.fn<() => Promise<never>>(() => Promise.reject(thrown));
  await expect(connect(pass, attempt)).rejects.toMatchObject({ kind: 'unavailable', reason });
  expect([attempt.mock.calls.length, api.exchanges]).toEqual([1, 1]);
});

test.each([
  ['a failed fetch', new TypeError('Failed to fetch')],
  ['a WebSocket that never opened', { code: 1006 }],
])('%s may hide a refusal: every token is tried, then the server is unavailable', async (_, thrown) => {
  const { api, pass } = createStage();
  api.behaviour = WITH_FALLBACK;
  await expect(connect(pass, () => Promise.reject(thrown))).rejects.toMatchObject({
    kind: 'unavailable',
    reason: 'server_unreachable',
    refusals: Array.from({ length: 4 }, () => expect.anything() as object),
  });
});

test('one clear refusal among unclear ones is a refusal', async () => {
  const { pass } = createStage();
  const thrown: unknown[] = [new TypeError('Failed to fetch'), { status: 403 }];
  await expect(connect(pass, () => Promise.reject(thrown.shift()))).rejects.toMatchObject({
    kind: 'refused',
  });
});

test('an attempt that knows its server says itself that it is a refusal, or that nothing was decided', async () => {
  const { api, pass } = createStage();
  const refused = new StreamPassError('refused', 'stream_is_private');
  await expect(connect(pass, () => Promise.reject(refused))).rejects.toMatchObject({ kind: 'refused' });
  expect(api.exchanges).toBe(2);
  const unavailable = new StreamPassError('unavailable', 'stream_not_live');
  await expect(connect(pass, () => Promise.reject(unavailable))).rejects.toBe(unavailable);
});

test('an attempt that hangs ends with the signal, and hears of it', async () => {
  const { pass } = createStage();
  const stop = new AbortController();
  let heard: AbortSignal | undefined;
  const connection = connect(
    pass,
    (_token, _offered, signal) => {
      heard = signal;
      return new Promise<never>(() => {});
    },
    { signal: stop.signal },
  );
  await settle();
  expect(heard?.aborted).toBe(false);
  stop.abort(new Error('left the page'));
  await expect(connection).rejects.toThrow('left the page');
  expect(heard?.aborted).toBe(true);
});

test('an attempt that hangs ends with close', async () => {
  const { pass } = createStage();
  const connection = connect(pass, () => new Promise<never>(() => {}));
  await settle();
  pass.close();
  await expect(connection).rejects.toMatchObject({ kind: 'closed' });
});

test('an attempt is not begun with a signal that is aborted already', async () => {
  const { pass } = createStage();
  const attempt = vi.fn<() => string>(() => 'in');
  await expect(connect(pass, attempt, { signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow(
    'left',
  );
  expect(attempt).not.toHaveBeenCalled();
});

test('an error has a list of refusals, whatever it is made of', () => {
  for (const details of [undefined, {}, Object.assign({}, { refusals: undefined })])
    expect(new StreamPassError('refused', 'token_refused', details).refusals).toEqual([]);
});
