import { expect, test } from 'vitest';
import { createStage, SIGN_IN_EXPIRED, UNAVAILABLE } from './support/stream-pass.ts';
import { settle } from './support/virtual-environment.ts';

test('goes from idle over pending to ready, and back to expired', async () => {
  const { environment, api, pass, states } = createStage();
  expect(pass.current()).toEqual({ status: 'idle', answer: undefined, error: undefined });
  const token = pass.token();
  expect(pass.current().status).toBe('pending');
  await token;
  expect(pass.current()).toMatchObject({ status: 'ready', answer: { token: 'token-1' }, error: undefined });
  api.behaviour = { kind: 'hangs' };
  environment.sleep(2_000_000);
  await environment.wake();
  expect(states.slice(0, 4)).toEqual(['pending', 'ready', 'expired', 'pending']);
});

test('waits through an outage with its error, and forgets that when it is over', async () => {
  const { environment, api, pass, states } = createStage();
  api.behaviour = UNAVAILABLE;
  const token = pass.token();
  await settle();
  expect(pass.current()).toMatchObject({ status: 'waiting', error: { reason: 'secret_unavailable' } });
  api.behaviour = { kind: 'issues' };
  await environment.pass(1000);
  await token;
  expect(pass.current().error).toBeUndefined();
  expect(states).toEqual(['pending', 'waiting', 'pending', 'ready']);
});

test('stays ready with the error of a renewal that failed', async () => {
  const { environment, api, pass } = createStage();
  await pass.token();
  api.behaviour = SIGN_IN_EXPIRED;
  await environment.pass(600_000);
  expect(pass.current()).toMatchObject({
    status: 'ready',
    answer: { token: 'token-1' },
    error: { reason: 'subject_token_expired' },
  });
});

test('fails with the error that waiting does not fix', async () => {
  const { api, pass } = createStage();
  api.behaviour = SIGN_IN_EXPIRED;
  await pass.token().catch(() => {});
  expect(pass.current()).toMatchObject({ status: 'failed', error: { kind: 'sign-in-again' } });
});

test('is the same object until something changes', async () => {
  const { pass } = createStage();
  await pass.token();
  const before = pass.current();
  await pass.token();
  expect(pass.current()).toBe(before);
});

test('close is told, and ends it', async () => {
  const { pass, states } = createStage();
  await pass.token();
  pass.close();
  pass.close();
  expect([pass.current().status, states]).toEqual(['closed', ['pending', 'ready', 'closed']]);
});
