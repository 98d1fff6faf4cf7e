// Options of a component: written anew in each render, and mostly the same.
import type { StreamPassOptions } from './index.ts';

/** What makes two options ask for the same thing: all but the functions. */
export function keyOf(options: StreamPassOptions): string {
  return JSON.stringify(options, (name, value: unknown) =>
    ['subjectToken', 'fetch', 'logger'].includes(name) ? undefined : value,
  );
}

/** Options whose functions are those of the moment when they are called. */
export function latest(current: () => StreamPassOptions): StreamPassOptions {
  return {
    ...current(),
    subjectToken: (request) => {
      const { subjectToken } = current();
      return typeof subjectToken === 'string' ? subjectToken : subjectToken(request);
    },
    fetch: (input, init) => (current().fetch ?? fetch)(input, init),
    logger: {
      debug: (line) => current().logger?.debug(line),
      warn: (line) => current().logger?.warn(line),
    },
  };
}
