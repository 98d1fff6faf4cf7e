/** The schemas that most options are made of, with their messages. Options are checked by `check-options.ts`. */

import * as v from 'valibot';
import { checkOptions, isPlainObject, joinPath } from './check-options.ts';
import { isLoopback } from '../oauth/loopback.ts';

/** A string that fits into a config file, a claim and an address: 1 to 255 printable ASCII characters without blanks. */
export const plainText = v.pipe(
  v.string(),
  v.regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters without blanks'),
);

/** A string that is not blank. A blank at an end, often a line break of a variable's, would be compared with what tokens hold. */
export const filledText = v.pipe(
  v.string(),
  v.check((value) => value.trim() !== '', 'must not be empty'),
  v.check((value) => value.trim() === value || value.trim() === '', 'must not begin or end with a blank'),
);

/** A whole number of seconds, or of another unit, that is at least `least`. */
export function wholeNumber(least: number) {
  return v.pipe(
    v.number(),
    v.check(
      (value) => Number.isSafeInteger(value) && value >= least,
      `must be a whole number, ${least} or more`,
    ),
  );
}

/** One or several of what `item` describes; at least one. */
export function oneOrMore<Item>(item: v.GenericSchema<unknown, Item>) {
  const several = v.pipe(v.array(item), v.minLength(1, 'must not be an empty array'));
  return v.lazy((input): v.GenericSchema<unknown, Item | Item[]> => (Array.isArray(input) ? several : item));
}

/** One or several values as an array. */
export function toArray<Item>(value: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(value) ? (value as readonly Item[]) : [value as Item];
}

/** A function from the configuration. */
export function ownFunction<Own>() {
  return v.custom<Own>((value) => typeof value === 'function', 'must be a function');
}

/** A host name alone, in lower case. */
export function hostName(example: string) {
  return v.pipe(
    v.string(),
    v.regex(
      /^[a-z0-9-]+(\.[a-z0-9-]+)+$/,
      `must be a host name such as "${example}", without https:// and without a path`,
    ),
  );
}

/** Where clients reach servers: an origin, `https:` or on loopback `http:`. */
export const serverAddress = v.pipe(
  v.string(),
  v.check((address) => {
    const url = URL.parse(address);
    return url !== null && isAddress(address) && url.pathname === '/';
  }, 'must be an https address without a path, such as "https://media.example.com" (http only on loopback)'),
);

/** An address of a provider: `https:`, or `http:` on loopback; no query, fragment, user or discovery document. */
export const issuerAddress = v.pipe(
  v.string(),
  v.check(isAddress, 'must be an https address without query or fragment (http only on loopback)'),
  v.check(
    (address) => !/\/\.well-known(\/|$)/.test(address),
    'must be the issuer itself, not the address of its discovery document: leave out /.well-known/…',
  ),
);

/** An address with no user, query or fragment whose connections are encrypted; on loopback, they need not be. */
export function isAddress(address: string, [encrypted, plain] = ['https:', 'http:']): boolean {
  const url = URL.parse(address);
  return (
    url !== null &&
    (url.protocol === encrypted || (url.protocol === plain && isLoopback(url.hostname))) &&
    // URL.parse drops white space, but a token's issuer is compared with the address as it stands.
    !/[?#\s]/.test(address) &&
    url.username === '' &&
    url.password === ''
  );
}

/**
 * An object whose members all have one shape. (`v.record` silently drops members such as `constructor`. If a condition were
 * dropped, the rule would match everyone.)
 */
export function dictionary<Item>(item: v.GenericSchema<unknown, Item>) {
  return v.pipe(
    v.custom<Readonly<Record<string, Item>>>((value) => isPlainObject(value), 'must be an object'),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      for (const [key, value] of Object.entries(dataset.value)) {
        const checked = checkOptions(item, value);
        for (const { path, problem } of checked.ok ? [] : checked.problems) {
          const inner = path === '' ? key : joinPath(key, path);
          addIssue({
            message: problem,
            path: [{ type: 'object', origin: 'value', input: dataset.value, key: inner, value }],
          });
        }
      }
    }),
  );
}
