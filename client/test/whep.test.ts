import { expect, test } from 'vitest';
import { StreamPassError } from '../src/index.ts';
import { keepOpen, type WebRtcPlayer } from '../src/whep.ts';

/** A session whose connection a test interrupts; what happens to it is written into `log`. */
function session(name: string, log: string[], kind: 'player' | 'publisher' = 'player') {
  const peer = Object.assign(new EventTarget(), { connectionState: 'connected' });
  const { promise, resolve } = Promise.withResolvers<void>();
  const made = {
    name,
    peer: peer as unknown as RTCPeerConnection,
    closed: promise,
    close: () => {
      log.push(`${name} closed`);
      resolve();
    },
    ...(kind === 'player' && { stream: {} as MediaStream }),
  };
  const become = (state: RTCPeerConnectionState) => {
    peer.connectionState = state;
    peer.dispatchEvent(new Event('connectionstatechange'));
  };
  return { made: made as typeof made & WebRtcPlayer, become };
}

test('a player that is interrupted is closed when the next one is open, not before', async () => {
  const log: string[] = [];
  const stop = new AbortController();
  const [first, second] = [session('first', log), session('second', log)];
  const coming = [first.made, second.made];
  await keepOpen(
    () => Promise.resolve(coming.shift() ?? second.made),
    ({ name }) => {
      log.push(`${name} open`);
      if (name === 'first') queueMicrotask(() => first.become('disconnected'));
      else queueMicrotask(() => (stop.abort(), second.made.close()));
    },
    { signal: stop.signal },
  );
  expect(log).toEqual(['first open', 'second open', 'first closed', 'second closed']);
});

test('a publisher that is interrupted goes on until it is over', async () => {
  const log: string[] = [];
  const stop = new AbortController();
  const [first, second] = [session('first', log, 'publisher'), session('second', log, 'publisher')];
  const coming = [first.made, second.made];
  await keepOpen(
    () => Promise.resolve(coming.shift() ?? second.made),
    ({ name }) => {
      log.push(`${name} open`);
      if (name === 'second') return queueMicrotask(() => (stop.abort(), second.made.close()));
      first.become('disconnected');
      first.become('connected');
      queueMicrotask(first.made.close);
    },
    { signal: stop.signal },
  );
  expect(log.slice(0, 3)).toEqual(['first open', 'first closed', 'second open']);
});

test('a player is closed when no token can be had for the next one', async () => {
  const log: string[] = [];
  const { made, become } = session('first', log);
  let opened = 0;
  const kept = keepOpen(
    () =>
      opened++ === 0
        ? Promise.resolve(made)
        : Promise.reject(new StreamPassError('sign-in-again', 'subject_token_missing')),
    () => queueMicrotask(() => become('disconnected')),
    { signal: new AbortController().signal },
  );
  await expect(kept).rejects.toThrow('sign-in-again');
  expect(log).toEqual(['first closed']);
});
