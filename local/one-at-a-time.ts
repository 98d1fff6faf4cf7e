import { isJsonObject } from '../lib/jws/compact.ts';
import type { Api } from './api.ts';

/**
 * The `rotate` function as the stack invokes it: one run after another, because two runs at once would change the same servers.
 * A `status` changes nothing, so it does not wait.
 */
export function oneAtATime(rotate: Api['rotate']): Api['rotate'] {
  let last: Promise<unknown> = Promise.resolve();
  return (event) => {
    if (isJsonObject(event) && event['action'] === 'status') return rotate(event);
    const run = last.then(() => rotate(event));
    last = run.catch(() => undefined);
    return run;
  };
}
