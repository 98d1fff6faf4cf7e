import { describe, expect, test } from 'vitest';
import { keepEncoding, type EncoderDeps, type Offer } from '../../../cli/stream-url/keep-encoding.ts';
import { StreamPassError } from '../../../client/src/error.ts';

/** How long each run lasts, in seconds, or what the token endpoint said instead; the last one is followed by a stop. */
async function play(runs: readonly (number | Error)[]) {
  const stop = new AbortController();
  const offers: Offer[] = [];
  const waits: number[] = [];
  let now = 1_900_000_000;
  let at = 0;
  const deps: EncoderDeps = {
    async settings(offer) {
      offers.push(offer);
      const run = runs[at];
      if (typeof run !== 'number') at += 1;
      if (run instanceof Error) throw run;
      return { url: `rtmp://x/${at}` };
    },
    async run() {
      now += Number(runs[at]);
      at += 1;
      return 'ffmpeg ended with 1';
    },
    now: () => now,
    random: () => 1,
    async pause(ms) {
      waits.push(ms / 1000);
      now += ms / 1000;
      if (at === runs.length) stop.abort('SIGTERM');
    },
    report: () => undefined,
  };
  await keepEncoding(deps, stop.signal);
  return { offers, waits };
}

const unavailable = new StreamPassError('try-later', 'http_503', { retryAfterSeconds: 8 });

describe('an encoder that ends', () => {
  test('soon, each time: waits twice as long, up to a minute, and is offered the other token', async () => {
    const { offers, waits } = await play(Array.from({ length: 9 }, () => 1));
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(offers.slice(0, 4)).toEqual(['first', 'fallback', 'first', 'fallback']);
  });

  test('after it had been let in: starts again at once, with the first token', async () => {
    const { offers, waits } = await play([1, 1, 3600, 30, 1]);
    expect(waits).toEqual([1, 2, 1, 1, 2]);
    expect(offers).toEqual(['first', 'fallback', 'first', 'first', 'first']);
  });

  test('while no token can be had: waits as long as was asked, and goes on', async () => {
    const { offers, waits } = await play([unavailable, 3600]);
    expect(waits).toEqual([10, 1]);
    expect(offers).toEqual(['first', 'first']);
  });

  test('once its key is revoked: stays ended', async () => {
    const revoked = new StreamPassError('sign-in-again', 'stream_key_invalid');
    await expect(play([3600, revoked])).rejects.toBe(revoked);
  });
});

test('a stop while a token is asked for starts no encoder', async () => {
  const stop = new AbortController();
  const started: string[] = [];
  await keepEncoding(
    {
      async settings() {
        stop.abort('SIGINT');
        return { url: 'u' };
      },
      async run() {
        started.push('ffmpeg');
        return '';
      },
      now: () => 0,
      random: () => 0,
      pause: async () => undefined,
      report: () => undefined,
    },
    stop.signal,
  );
  expect(started).toEqual([]);
});
