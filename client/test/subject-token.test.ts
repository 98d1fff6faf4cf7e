import { expect, test, vi } from 'vitest';
import type { SubjectTokenRequest } from '../src/options.ts';
import { createStage, SIGN_IN_EXPIRED } from './support/stream-pass.ts';
import { settle } from './support/virtual-environment.ts';

const KEY_UNKNOWN = {
  kind: 'answers',
  status: 400,
  body: { error: 'invalid_request', reason: 'subject_token_key_unknown', retry_after: 20 },
} as const;

/** A sign-in that gives another token each time it is forced to, and keeps a list of what it was asked. */
function createSignIn() {
  const requests: Omit<SubjectTokenRequest, 'signal'>[] = [];
  let renewals = 0;
  return {
    requests,
    subjectToken: ({ forceRefresh, reason }: SubjectTokenRequest): string => {
      requests.push({ forceRefresh, reason });
      if (forceRefresh) renewals++;
      return `id-token-${renewals}`;
    },
  };
}

const FIRST = { forceRefresh: false, reason: undefined };
const AFTER_EXPIRED = { forceRefresh: true, reason: 'subject_token_expired' };
const AFTER_KEY_UNKNOWN = { forceRefresh: true, reason: 'subject_token_key_unknown' };

test('an expired token is asked for once more, with the reason, before anybody hears of it', async () => {
  const signIn = createSignIn();
  const { api, pass, events } = createStage({ subjectToken: signIn.subjectToken });
  api.behaviour = SIGN_IN_EXPIRED;
  api.onExchange = (form) => {
    if (form.get('subject_token') === 'id-token-1') api.behaviour = { kind: 'issues' };
  };
  expect(await pass.token()).toBe('token-2');
  expect(signIn.requests).toEqual([FIRST, AFTER_EXPIRED]);
  expect(events).toEqual(['renewed']);
});

test('a second expired token is what the app hears of', async () => {
  const signIn = createSignIn();
  const { api, pass, events } = createStage({ subjectToken: signIn.subjectToken });
  api.behaviour = SIGN_IN_EXPIRED;
  await expect(pass.token()).rejects.toMatchObject({
    kind: 'sign-in-again',
    reason: 'subject_token_expired',
  });
  expect([signIn.requests, events]).toEqual([[FIRST, AFTER_EXPIRED], ['denied subject_token_expired']]);
});

test.each([
  ['a string', 'id-token'],
  ['a function that gives the same token again', () => 'id-token'],
])('%s is not sent twice', async (_, subjectToken) => {
  const { api, pass } = createStage({ subjectToken });
  api.behaviour = SIGN_IN_EXPIRED;
  await expect(pass.token()).rejects.toMatchObject({ reason: 'subject_token_expired' });
  expect(api.exchanges).toBe(1);
});

test('a function that finds nobody signed in the second time says so', async () => {
  const { api, pass } = createStage({ subjectToken: ({ forceRefresh }) => (forceRefresh ? null : 'old') });
  api.behaviour = SIGN_IN_EXPIRED;
  await expect(pass.token()).rejects.toMatchObject({
    kind: 'sign-in-again',
    reason: 'subject_token_missing',
  });
});

test('an unknown key is waited for as long as the server asks, then asked once more with a renewed token', async () => {
  const signIn = createSignIn();
  const { environment, api, pass, events } = createStage({ subjectToken: signIn.subjectToken });
  api.behaviour = KEY_UNKNOWN;
  const token = pass.token();
  await environment.pass(19_999);
  expect([api.exchanges, events, pass.current().status]).toEqual([
    1,
    ['delayed subject_token_key_unknown'],
    'waiting',
  ]);
  api.behaviour = { kind: 'issues' };
  await environment.pass(1);
  expect(await token).toBe('token-2');
  expect(signIn.requests).toEqual([FIRST, AFTER_KEY_UNKNOWN]);
});

test('a key that stays unknown leads to the sign-in', async () => {
  const { environment, api, pass } = createStage();
  api.behaviour = KEY_UNKNOWN;
  const failure = pass.token().catch((error: unknown) => error);
  await environment.pass(20_000);
  expect(await failure).toMatchObject({ kind: 'sign-in-again', reason: 'subject_token_key_unknown' });
  expect(api.exchanges).toBe(2);
});

test('after a new sign-in the next token is trusted again', async () => {
  const signIn = createSignIn();
  const { api, pass } = createStage({ subjectToken: signIn.subjectToken });
  api.behaviour = SIGN_IN_EXPIRED;
  await expect(pass.token()).rejects.toMatchObject({ kind: 'sign-in-again' });
  api.behaviour = { kind: 'issues' };
  await pass.token();
  expect(signIn.requests.at(-1)).toEqual(FIRST);
});

test('the signal aborts when the answer comes too late', async () => {
  let heard: AbortSignal | undefined;
  const { environment, pass } = createStage({
    subjectToken: ({ signal }) => {
      heard = signal;
      return new Promise<string>(() => {});
    },
  });
  pass.token().catch(() => {});
  await environment.pass(14_999);
  expect(heard?.aborted).toBe(false);
  await environment.pass(1);
  expect(heard?.aborted).toBe(true);
});

test('a forced renewal of the sign-in is asked for when the app says so', async () => {
  const signIn = createSignIn();
  const { pass } = createStage({ subjectToken: signIn.subjectToken });
  await pass.token();
  expect((await pass.renew({ forceRefresh: true })).token).toBe('token-2');
  await pass.renew();
  expect(signIn.requests).toEqual([FIRST, { forceRefresh: true, reason: undefined }, FIRST]);
});

test('renew gets a token that was asked for after it, though another exchange is under way', async () => {
  const { environment, api, pass } = createStage();
  api.behaviour = { kind: 'issues', delayMs: 1000 };
  const early = pass.token();
  await settle();
  const late = pass.renew();
  await environment.pass(2000);
  expect([await early, (await late).token]).toEqual(['token-1', 'token-2']);
});

test('two renewals at the same time share one exchange', async () => {
  const { api, pass } = createStage();
  await pass.token();
  await Promise.all([pass.renew(), pass.renew()]);
  expect(api.exchanges).toBe(2);
});

test('the token that is held stays in use while a renewal is under way', async () => {
  const { environment, api, pass } = createStage();
  await pass.token();
  api.behaviour = { kind: 'issues', delayMs: 1000 };
  const renewed = pass.renew();
  await settle();
  expect([await pass.token(), pass.current().status]).toEqual(['token-1', 'ready']);
  await environment.pass(1000);
  await renewed;
  expect(await pass.token()).toBe('token-2');
});

test('a logger hears of every event, and of no token', async () => {
  const logger = { debug: vi.fn<(line: string) => void>(), warn: vi.fn<(line: string) => void>() };
  const { environment, api, pass } = createStage({ logger });
  await pass.token();
  api.behaviour = SIGN_IN_EXPIRED;
  await environment.pass(1_000_000);
  const warned = logger.warn.mock.calls.flat();
  expect(warned[0]).toBe('streampass: denied sign-in-again: subject_token_expired');
  const lines = [...warned, ...logger.debug.mock.calls.flat()];
  expect(lines).toContain('streampass: changed ready');
  expect(lines).toContain('streampass: expired');
  expect(lines.join()).not.toMatch(/token-\d/);
});
