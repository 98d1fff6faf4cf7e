import { ConnectionError } from 'livekit-client';
import { expect, test, vi } from 'vitest';
import { connectRoom, livekitTokenSource } from '../src/livekit.ts';
import { createStage } from './support/stream-pass.ts';

const URL = 'wss://live.example.com';

/** A room that refuses, or fails, in this order, then connects. */
function createRoom(...failures: readonly Error[]) {
  const left = [...failures];
  return {
    connect: vi.fn<(url: string, token: string) => Promise<void>>(async () => {
      const failure = left.shift();
      if (failure) throw failure;
    }),
    disconnect: vi.fn<() => Promise<void>>(() => Promise.resolve()),
  };
}

test('a TokenSource gives a token that is fresh each time', async () => {
  const { environment, pass } = createStage();
  const source = livekitTokenSource(pass, URL);
  expect(await source.fetch()).toMatchObject({ serverUrl: URL, participantToken: 'token-1' });
  environment.sleep(700_000);
  expect(await source.fetch()).toMatchObject({ participantToken: 'token-2' });
});

test('a refused token is followed by a fresh one', async () => {
  const { pass } = createStage();
  const room = createRoom(ConnectionError.notAllowed('revoked', 401));
  await connectRoom(pass, room, URL);
  expect(room.connect.mock.calls.map(([, token]) => token)).toEqual(['token-1', 'token-2']);
});

test.each([
  ['livekit_ServerUnreachable', ConnectionError.serverUnreachable('no answer')],
  ['livekit_Timeout', ConnectionError.timeout('too late')],
])('%s is not a refusal', async (reason, failure) => {
  const { api, pass } = createStage();
  await expect(connectRoom(pass, createRoom(failure), URL)).rejects.toMatchObject({
    kind: 'unavailable',
    reason,
  });
  expect(api.exchanges).toBe(1);
});

test('an abort leaves the room', async () => {
  const { pass } = createStage();
  const room = { ...createRoom(), connect: () => new Promise<void>(() => {}) };
  const stop = new AbortController();
  const connection = connectRoom(pass, room, URL, { signal: stop.signal });
  await vi.waitFor(() => expect(pass.current().status).toBe('ready'));
  stop.abort(new Error('left'));
  await expect(connection).rejects.toThrow('left');
  expect(room.disconnect).toHaveBeenCalled();
});
