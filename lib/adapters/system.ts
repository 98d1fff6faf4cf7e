import { randomBytes } from 'node:crypto';
import type { NewId, Now, Within } from '../ports.ts';

/** The wall clock. */
export const systemNow: Now = () => Date.now() / 1000;

/** 128 random bits as 22 characters of base64url. */
export const newRandomId: NewId = () => randomBytes(16).toString('base64url');

/** Waits for `work` on a real timer, which keeps no process alive. */
export const within: Within = (work, seconds) => {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), seconds * 1000);
  timer.unref();
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
};
