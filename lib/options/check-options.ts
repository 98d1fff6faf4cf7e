import * as v from 'valibot';

/** A mistake in options: where it is, and what would be right. */
export interface OptionProblem {
  /** Within the options, such as `fleet.tag.key` or `rooms[2]`; empty for the options as a whole. */
  readonly path: string;
  readonly problem: string;
}

/** The result of a check. */
export type CheckedOptions<Options> =
  | { readonly ok: true; readonly options: Options }
  | { readonly ok: false; readonly problems: readonly OptionProblem[] };

/**
 * Checks options of any shape, and finds all mistakes at once: a member that is missing,
 * misspelt, `undefined`, or of the wrong type. Write schemas of objects with `v.strictObject`, optional members with
 * `v.exactOptional` (which refuses `undefined`), and own rules with `v.check(…, 'must be …')`.
 */
export function checkOptions<Options>(
  schema: v.GenericSchema<unknown, Options>,
  options: unknown,
): CheckedOptions<Options> {
  const result = v.safeParse(schema, options);
  const problems = result.success
    ? misread(options, result.output, '')
    : result.issues.map((issue) => toProblem(issue, schema));
  return result.success && problems.length === 0
    ? { ok: true, options: result.output }
    : { ok: false, problems };
}

/**
 * What valibot accepts although it is not meant: an array or a `Map` for an object whose members are all optional (it makes an
 * object without members of it), and text made of an environment variable that is not set, such as `https://undefined`.
 */
function misread(input: unknown, output: unknown, path: string): readonly OptionProblem[] {
  if (typeof input === 'string' && /(?<![A-Za-z0-9])undefined(?![A-Za-z0-9])/.test(input)) {
    return [{ path, problem: 'contains "undefined": set the environment variable that it is made of' }];
  }
  if (input === output || !isRecord(input) || !isRecord(output)) return [];
  if (!Array.isArray(output) && !isPlainObject(input))
    return [{ path, problem: `must be an object, not ${kindOf(input)}` }];
  return Object.entries(output).flatMap(([key, value]) =>
    misread(input[key], value, joinPath(path, Array.isArray(output) ? `[${key}]` : key)),
  );
}

/** Whether all that an object holds are its members: no array, `Map`, `Set`, `Date`, `URL` … */
export function isPlainObject(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** `issuers[0]` and `clientId` as `issuers[0].clientId`; either may be empty. */
export function joinPath(parent: string, child: string): string {
  if (parent === '' || child === '' || child.startsWith('[')) return parent + child;
  return `${parent}.${child}`;
}

/** Problems of a part as problems of the whole. */
export function under(parent: string, problems: readonly OptionProblem[]): readonly OptionProblem[] {
  return problems.map(({ path, problem }) => ({ path: joinPath(parent, path), problem }));
}

function toProblem(issue: v.BaseIssue<unknown>, schema: v.GenericSchema<unknown, unknown>): OptionProblem {
  const keys = (issue.path ?? []).map((item) => item.key);
  const path = keys.reduce<string>(
    (parent, key) => joinPath(parent, typeof key === 'number' ? `[${key}]` : String(key)),
    '',
  );
  return { path, problem: problemOf(issue, keys, schema) };
}

function problemOf(
  issue: v.BaseIssue<unknown>,
  keys: readonly unknown[],
  schema: v.GenericSchema<unknown, unknown>,
): string {
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return unknownOption(String(keys.at(-1)), optionNames(schema, keys.slice(0, -1)));
  }
  if (issue.type.endsWith('object') && issue.expected?.startsWith('"')) return 'is missing';
  // A check of our own, or a schema with its own message.
  if (issue.kind === 'validation' || !issue.message.startsWith('Invalid ')) return issue.message;
  if (issue.input === undefined) {
    return 'is undefined: leave it out, or set the environment variable that it comes from';
  }
  // One of a few strings: the message repeats the wrong one, so that it can be found.
  const received = issue.expected?.startsWith('"') ? issue.received : kindOf(issue.input);
  return `must be ${wordsFor(issue.expected)}, not ${received}`;
}

function unknownOption(name: string, known: readonly string[]): string {
  const [near] = known
    .map((other) => ({ other, distance: editDistance(name.toLowerCase(), other.toLowerCase()) }))
    .filter(({ distance, other }) => distance <= Math.max(2, Math.floor(other.length / 3)))
    .toSorted((a, b) => a.distance - b.distance);
  const hint = near === undefined ? '' : `; did you mean "${near.other}"?`;
  const list = known.length === 0 ? '' : ` (known: ${known.join(', ')})`;
  return `is not a known option${hint}${hint === '' ? list : ''}`;
}

/** The allowed names of an object's members at this path. */
function optionNames(schema: unknown, keys: readonly unknown[]): readonly string[] {
  const entries = isRecord(schema) && isRecord(schema['entries']) ? schema['entries'] : undefined;
  const [key, ...rest] = keys;
  if (key === undefined) {
    if (entries !== undefined) return Object.keys(entries);
  } else if (entries !== undefined && typeof key === 'string' && Object.hasOwn(entries, key)) {
    return optionNames(entries[key], rest);
  }
  if (!isRecord(schema)) return [];
  if (typeof schema['getter'] === 'function') return [];
  if (key !== undefined && (isRecord(schema['item']) || isRecord(schema['value']))) {
    return optionNames(schema['item'] ?? schema['value'], rest);
  }
  // Schemas that wrap another one: optional members, pipes, alternatives.
  const inner = [
    schema['wrapped'],
    ...(Array.isArray(schema['pipe']) ? schema['pipe'].slice(0, 1) : []),
    ...(Array.isArray(schema['options']) ? schema['options'] : []),
  ].filter((one) => one !== undefined && one !== schema);
  return [...new Set(inner.flatMap((one) => optionNames(one, keys)))];
}

const WORDS: Readonly<Record<string, string>> = {
  Object: 'an object',
  object: 'an object',
  Array: 'an array',
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  Function: 'a function',
  function: 'a function',
  null: 'null',
  Date: 'a date',
};

/** valibot's `(string | Array)` and `"a" | "b"` in words. */
function wordsFor(expected: string | null): string {
  const alternatives = (expected ?? 'another value').replace(/^\(|\)$/g, '').split(' | ');
  return [...new Set(alternatives.map((one) => WORDS[one] ?? one))].join(' or ');
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return value === '' ? 'an empty string' : 'a string';
  if (Number.isNaN(value)) return 'NaN';
  if (typeof value === 'object' && !isPlainObject(value))
    return `a ${Object.prototype.toString.call(value).slice('[object '.length, -1)}`;
  return WORDS[typeof value] ?? `a value of type ${typeof value}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Levenshtein's distance: how many letters to add, drop or change. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (letter === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
