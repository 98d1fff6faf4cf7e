import { expect, test } from 'vitest';
import { connect } from '../src/connect.ts';
import { createStage } from './support/stream-pass.ts';

test('asks for several targets by repeating the parameter, in one exchange', async () => {
  const { api, pass } = createStage({ audience: ['jitsi', 'rtcstats'] });
  expect(await Promise.all([pass.token(), pass.token({ audience: 'rtcstats' })])).toEqual([
    'token-1',
    'token-1-rtcstats',
  ]);
  expect(api.exchanges).toBe(1);
  expect(api.forms[0]?.getAll('audience')).toEqual(['jitsi', 'rtcstats']);
});

test('connects with the token of the target that is meant', async () => {
  const { pass } = createStage({ audience: ['jitsi', 'rtcstats'] });
  expect(await connect(pass, (token) => token, { audience: 'rtcstats' })).toBe('token-1-rtcstats');
});

test('renews when the shortest of the tokens is due', async () => {
  const { environment, api, pass } = createStage({ audience: ['jitsi', 'rtcstats'] });
  await pass.token();
  await environment.pass(299_999);
  expect(api.exchanges).toBe(1);
  await environment.pass(1);
  expect(api.exchanges).toBe(2);
});

test('an answer that lacks one of the targets is refused', async () => {
  const { api, pass, events } = createStage({ audience: ['jitsi', 'rtcstats'] });
  const answer = { access_token: 'a', expires_in: 900 };
  api.behaviour = { kind: 'answers', status: 200, body: { ...answer, tokens: { jitsi: answer } } };
  const stop = new AbortController();
  pass.on('delayed', (error) => stop.abort(error));
  await expect(pass.token({ signal: stop.signal })).rejects.toMatchObject({ reason: 'http_200' });
  expect(events).toEqual(['delayed http_200']);
});

test('a target that was not asked for is a mistake of the app', async () => {
  const { pass } = createStage();
  const mistake = { kind: 'bad-request', reason: 'audience_not_requested' };
  await expect(pass.token({ audience: 'jitsi' })).rejects.toMatchObject(mistake);
  await expect(connect(pass, (token) => token, { audience: 'jitsi' })).rejects.toMatchObject(mistake);
});

test('one session joins every exchange of an object, and of those made with it', async () => {
  const { api, pass } = createStage({ audience: 'jitsi', room: 'lobby' }, () => 0.5);
  const other = pass.with({ room: 'hall' });
  await pass.token();
  await pass.renew();
  await other.token();
  expect(api.forms.map((form) => [form.get('room'), form.get('audience')])).toEqual([
    ['lobby', 'jitsi'],
    ['lobby', 'jitsi'],
    ['hall', 'jitsi'],
  ]);
  expect(new Set(api.forms.map((form) => form.get('session'))).size).toBe(1);
});

test('the app’s own session is sent as it is', async () => {
  const { api, pass } = createStage({ session: 'tab-1' });
  await pass.token();
  expect(api.forms[0]?.get('session')).toBe('tab-1');
});

test('what was made with an object is closed with it, also afterwards', async () => {
  const { environment, pass } = createStage();
  const before = pass.with({ room: 'hall' });
  pass.close();
  const after = pass.with({ room: 'yard' });
  await expect(before.token()).rejects.toMatchObject({ kind: 'closed' });
  await expect(after.token()).rejects.toMatchObject({ kind: 'closed' });
  expect([environment.timers, environment.listeners]).toEqual([0, 0]);
});
