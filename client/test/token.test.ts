import { expect, test, vi } from 'vitest';
import { connect } from '../src/connect.ts';
import { StreamPassError } from '../src/error.ts';
import { createStage, SIGN_IN_EXPIRED, UNAVAILABLE } from './support/stream-pass.ts';
import { settle } from './support/virtual-environment.ts';

test('sends nothing before the first call', async () => {
  const { environment, api } = createStage();
  await environment.pass(10_000_000);
  await environment.wake();
  expect(api.exchanges).toBe(0);
});

test('callers at the same time share one exchange', async () => {
  const { api, pass } = createStage();
  expect(await Promise.all([pass.token(), pass.token(), pass.token()])).toEqual(Array(3).fill('token-1'));
  expect(api.exchanges).toBe(1);
});

test('keeps the token until it is due, and renews it in the background then', async () => {
  const { environment, api, pass, events } = createStage();
  await pass.token();
  await environment.pass(599_999);
  expect([await pass.token(), api.exchanges]).toEqual(['token-1', 1]);
  await environment.pass(1);
  expect([await pass.token(), api.exchanges]).toEqual(['token-2', 2]);
  expect(events).toEqual(['renewed', 'renewed']);
});

test('jitter puts a renewal off, never past the usable life', async () => {
  const { environment, api, pass } = createStage({}, () => 0.999);
  await pass.token();
  await environment.pass(600_000);
  expect(api.exchanges).toBe(1);
  await environment.pass(37_000);
  expect(api.exchanges).toBe(2);
});

test.each([
  ['past the lifetime', 3_600_000],
  ['past the renewal', 700_000],
])('a device that slept %s gets a new token at its first use', async (_, ms) => {
  const { environment, pass } = createStage();
  await pass.token();
  environment.sleep(ms);
  expect(await pass.token()).toBe('token-2');
});

test.each([
  ['the page is shown or the network is back', 700_000, 2],
  ['the page is shown while the token is fresh', 100_000, 1],
])('%s: renews only what is due', async (_, ms, exchanges) => {
  const { environment, api, pass } = createStage();
  await pass.token();
  environment.sleep(ms);
  await environment.wake();
  expect(api.exchanges).toBe(exchanges);
});

test('a wall clock set back keeps nothing alive', async () => {
  const { environment, pass } = createStage();
  await pass.token();
  environment.setWallClockBy(-86_400_000);
  await environment.pass(600_000);
  expect(await pass.token()).toBe('token-2');
});

test('a wall clock set forward costs one early renewal and no more', async () => {
  const { environment, api, pass } = createStage();
  await pass.token();
  environment.setWallClockBy(86_400_000);
  for (let use = 0; use < 10; use++) await pass.token();
  expect(api.exchanges).toBe(2);
});

test('waits through an outage, as long as the server asks', async () => {
  const { environment, api, pass, events } = createStage();
  api.behaviour = { ...UNAVAILABLE, headers: { 'retry-after': '30' } };
  const token = pass.token();
  await environment.pass(29_999);
  expect(api.exchanges).toBe(1);
  api.behaviour = { kind: 'issues' };
  await environment.wake();
  expect(api.exchanges, 'being shown does not overrule the server').toBe(1);
  await environment.pass(1);
  expect(await token).toBe('token-2');
  expect(events).toEqual(['delayed secret_unavailable', 'renewed']);
});

test('backs off longer and longer while nothing answers, up to a minute', async () => {
  const { environment, api, pass } = createStage();
  api.behaviour = { kind: 'unreachable' };
  const token = pass.token();
  const perMinute: number[] = [];
  for (let minute = 0; minute < 5; minute++) {
    const before = api.exchanges;
    await environment.pass(60_000);
    perMinute.push(api.exchanges - before);
  }
  expect(perMinute).toEqual([7, 2, 2, 2, 2]);
  api.behaviour = { kind: 'issues' };
  await environment.wake();
  expect(await token).toMatch(/^token-/);
});

test('an answer that never comes is given up after 15 s', async () => {
  const { environment, api, pass, events } = createStage();
  api.behaviour = { kind: 'hangs' };
  const token = pass.token();
  await environment.pass(15_000);
  api.behaviour = { kind: 'issues' };
  await environment.pass(500);
  expect([await token, events]).toEqual(['token-2', ['delayed timeout', 'renewed']]);
});

test('a due renewal that hangs holds a caller up for 5 s at most, then not at all', async () => {
  const { environment, api, pass } = createStage();
  await pass.token();
  environment.sleep(700_000);
  api.behaviour = { kind: 'hangs' };
  const first = pass.token();
  await environment.pass(5000);
  expect(await first).toBe('token-1');
  expect(await pass.token()).toBe('token-1');
});

test('a subjectToken function that never answers does not hold up a caller who has a token', async () => {
  let hangs = false;
  const subjectToken = () => (hangs ? new Promise<string>(() => {}) : 'id-token');
  const { environment, pass } = createStage({ subjectToken });
  await pass.token();
  hangs = true;
  environment.sleep(700_000);
  const token = pass.token();
  await environment.pass(5000);
  expect(await token).toBe('token-1');
});

test('keeps trying while the present token lives, then says expired and rests', async () => {
  const { environment, api, pass, events } = createStage();
  await pass.token();
  api.behaviour = UNAVAILABLE;
  await environment.pass(969_999);
  expect(await pass.token()).toBe('token-1');
  expect(events).not.toContain('expired');
  await environment.pass(1);
  expect(events.filter((event) => event === 'expired')).toEqual(['expired']);
  await environment.pass(60_000);
  const { exchanges } = api;
  await environment.pass(10_000_000);
  expect(api.exchanges).toBe(exchanges);
  api.behaviour = { kind: 'issues' };
  await environment.wake();
  expect(events.at(-1)).toBe('renewed');
});

test('a sign-in that expired leaves the living token in use, and stops the background', async () => {
  const { environment, api, pass, events } = createStage();
  await pass.token();
  api.behaviour = SIGN_IN_EXPIRED;
  await environment.pass(900_000);
  expect([api.exchanges, events.at(-1)]).toEqual([2, 'denied subject_token_expired']);
  expect(await pass.token()).toBe('token-1');
  await environment.pass(100_000);
  await expect(pass.token()).rejects.toMatchObject({
    kind: 'sign-in-again',
    reason: 'subject_token_expired',
  });
  api.behaviour = { kind: 'issues' };
  expect(await pass.token()).toMatch(/^token-/);
});

test('asks for the subject token anew for each exchange', async () => {
  const subjectToken = vi.fn<() => Promise<string>>(() => Promise.resolve('id-token'));
  const { environment, pass } = createStage({ subjectToken });
  await pass.token();
  await environment.pass(600_000);
  expect(subjectToken).toHaveBeenCalledTimes(2);
});

test.each([null, undefined, ''])(
  'a subjectToken function that gives %o means sign in again',
  async (value) => {
    const { api, pass } = createStage({ subjectToken: () => value });
    await expect(pass.token()).rejects.toMatchObject({
      kind: 'sign-in-again',
      reason: 'subject_token_missing',
    });
    expect(api.exchanges).toBe(0);
  },
);

test('what the subjectToken function throws reaches the caller at once as the cause', async () => {
  const cause = new Error('refresh failed');
  const { pass, environment } = createStage({ subjectToken: () => Promise.reject(cause) });
  for (let call = 0; call < 2; call++) {
    await expect(pass.token()).rejects.toMatchObject({
      kind: 'try-later',
      reason: 'subject_token_unavailable',
      cause,
    });
  }
  expect(environment.timers).toBe(0);
});

test('a StreamPassError of the subjectToken function goes through as it is', async () => {
  const thrown = new StreamPassError('sign-in-again', 'login_required');
  const { pass } = createStage({ subjectToken: () => Promise.reject(thrown) });
  await expect(pass.token()).rejects.toBe(thrown);
});

test('a token that died on its way here is never handed out', async () => {
  const { environment, api, pass, events } = createStage();
  api.behaviour = { kind: 'issues', delayMs: 1000 };
  const token = pass.token();
  await settle();
  environment.sleep(2_000_000);
  api.behaviour = { kind: 'issues' };
  await environment.pass(2000);
  expect([await token, events]).toEqual(['token-2', ['delayed answer_too_late', 'renewed']]);
});

test('an abort ends one caller’s waiting with the failure it waited through, and nobody else’s', async () => {
  const { environment, api, pass } = createStage();
  api.behaviour = UNAVAILABLE;
  const stop = new AbortController();
  const aborted = pass.token({ signal: stop.signal });
  const patient = pass.token();
  await settle();
  stop.abort();
  await expect(aborted).rejects.toMatchObject({ kind: 'try-later', reason: 'secret_unavailable' });
  api.behaviour = { kind: 'issues' };
  await environment.pass(1000);
  expect(await patient).toBe('token-2');
});

test('an abort before any failure rejects with the signal’s own reason', async () => {
  const { api, pass } = createStage();
  api.behaviour = { kind: 'hangs' };
  const stop = new AbortController();
  const token = pass.token({ signal: stop.signal });
  await settle();
  stop.abort(new Error('left the page'));
  await expect(token).rejects.toThrow('left the page');
});

test.each([
  ['hangs', expect.objectContaining({ kind: 'closed' })],
  ['unreachable', expect.objectContaining({ kind: 'closed' })],
  ['issues', 'token-1'],
] as const)(
  'close where the API’s way is "%s" leaves no timer and no listener, and ends all waiting',
  async (kind, outcome) => {
    const { environment, api, pass } = createStage();
    api.behaviour = { kind };
    const waiting = pass.token().catch((error: unknown) => error);
    await settle();
    pass.close();
    pass.close();
    expect(await waiting).toEqual(outcome);
    expect([environment.timers, environment.listeners]).toEqual([0, 0]);
  },
);

test.each(Array.from({ length: 25 }, (_, turns) => turns))(
  'close %i turns after the request leaves no timer',
  async (turns) => {
    const { environment, pass } = createStage();
    const token = pass.token().catch((error: unknown) => error);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    pass.close();
    await token;
    await settle();
    expect([environment.timers, environment.listeners]).toEqual([0, 0]);
  },
);

test('every call after close is rejected as such', async () => {
  const { pass } = createStage();
  await pass.token();
  pass.close();
  await expect(pass.token()).rejects.toMatchObject({ kind: 'closed' });
  await expect(connect(pass, () => 'connected')).rejects.toMatchObject({ kind: 'closed' });
});

test('a listener may be removed, and one that throws disturbs nothing', async () => {
  const { pass, events } = createStage();
  const removed = vi.fn<() => void>();
  pass.on('renewed', removed)();
  const unhandled = new Promise((resolve) => process.once('unhandledRejection', resolve));
  pass.on('renewed', () => {
    throw new Error('in a listener');
  });
  expect(await pass.token()).toBe('token-1');
  expect(events).toEqual(['renewed']);
  expect(removed).not.toHaveBeenCalled();
  expect(await unhandled).toMatchObject({ message: 'in a listener' });
});

test('an API that answers, but not to this page, is told as what it is', async () => {
  const { api, pass, events } = createStage();
  api.behaviour = { kind: 'kept from page' };
  await expect(pass.token()).rejects.toMatchObject({
    kind: 'bad-request',
    reason: 'cors',
    message: expect.stringContaining('probably does not allow the origin') as string,
  });
  expect(events).toEqual(['denied cors']);
});

test('one request that fails while the API answers is not a CORS mistake', async () => {
  const { api, pass, events } = createStage();
  api.behaviour = { kind: 'kept from page' };
  api.onExchange = () => {
    if (api.exchanges === 2) api.behaviour = { kind: 'issues' };
  };
  expect(await pass.token()).toBe('token-2');
  expect(events).toEqual(['renewed']);
});
