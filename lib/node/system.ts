import { randomUUID } from 'node:crypto';
import type { NewId, Now, Within } from '../ports.ts';

/** The wall clock. */
export const systemNow: Now = () => Date.now() / 1000;

/** A random UUID (RFC 9562 §5.4): 122 random bits, and a legal name of a session. */
export const newRandomId: NewId = () => randomUUID();

/** Waits for `work` on a real timer, which keeps no process alive. */
export const within: Within = (work, seconds) => {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), seconds * 1000);
  timer.unref();
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
};
