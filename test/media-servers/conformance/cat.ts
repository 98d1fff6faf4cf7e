import { CommonAccessToken, HttpValidator } from '@eyevinn/cat';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { vi } from 'vitest';
import { cat } from '../../../lib/media-servers/index.ts';
import type { ConformingServer } from './server.ts';

/** To fetch what lies beside the folders of rooms. */
const ELSEWHERE = 'read elsewhere';
const METHODS: Readonly<Record<string, readonly string[]>> = {
  read: ['GET', 'HEAD'],
  publish: ['POST', 'PUT', 'PATCH', 'DELETE'],
  [ELSEWHERE]: ['GET'],
};

/** The validator looks at the types of claims, and does not wait for what comes of it: here that is waited for. */
const typeChecks: Promise<unknown>[] = [];
const validateTypes = Reflect.get(CommonAccessToken.prototype, 'validateTypes') as () => Promise<void>;
Reflect.set(
  CommonAccessToken.prototype,
  'validateTypes',
  function checked(this: CommonAccessToken): Promise<void> {
    const outcome = validateTypes.call(this);
    outcome.catch(() => undefined);
    typeChecks.push(outcome);
    return outcome;
  },
);

/** A CDN that verifies Common Access Tokens: Eyevinn's validator of requests. */
export const catServer: ConformingServer = {
  target: cat({ path: '/live/', issuer: 'streampass', signing: 'HS256' }),
  powers: [ELSEWHERE],
  longest: 200,
  decide(token, keys, now) {
    vi.setSystemTime(now * 1000);
    // It prints each token that it cannot read.
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const validator = new HttpValidator({
      keys: keys.map(({ kid, secret }) => ({ kid, key: Buffer.from(secret) })),
      issuer: 'streampass',
    });
    return async ({ action, room }) => {
      const url = action === ELSEWHERE ? '/other/1.ts' : `/live/${room}/1.ts`;
      const headers = { host: 'cdn.example.com', 'cta-common-access-token': token };
      for (const method of METHODS[action] ?? []) {
        typeChecks.length = 0;
        const request = Object.assign(new IncomingMessage(new Socket()), { method, url, headers });
        const { status } = await validator.validateHttpRequest(request);
        await Promise.all(typeChecks);
        if (status !== 200) return false;
      }
      return true;
    };
  },
};
