/**
 * How Lua looks at the values of a JSON document, as far as Jitsi's plugins depend on it: an absent value is nil, a JSON
 * null is a value that cannot be indexed, only nil and false are false, and numbers are floats.
 */

/** An error inside the plugin. Prosody logs it and sends nothing. */
export class LuaError extends Error {}

/** `value[key]`. Throws {@link LuaError} where Lua cannot index the value: null, numbers and booleans. */
export function field(value: unknown, key: string): unknown {
  if (typeof value === 'string' || Array.isArray(value)) return undefined;
  if (typeof value !== 'object' || value === null)
    throw new LuaError(`attempt to index a ${typeName(value)} value`);
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** Whether a value is nil: absent. JSON's null is not. */
export function isNil(value: unknown): value is undefined {
  return value === undefined;
}

/** Whether Lua's `if` treats a value as true: every value but nil and false. */
export function isTruthy(value: unknown): boolean {
  return value !== undefined && value !== false;
}

/** `string.lower`: ASCII letters only. Throws {@link LuaError} for what is neither a text nor a number. */
export function lowerCase(value: unknown): string {
  if (typeof value === 'number') return seconds(value, 0);
  if (typeof value !== 'string') throw new LuaError(`string expected, got ${typeName(value)}`);
  return value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** `tostring(from - to)`: a float, so a whole number ends in `.0`. */
export function seconds(from: number, to: unknown): string {
  if (typeof to !== 'number')
    throw new LuaError('attempt to perform arithmetic on a value that is not a number');
  const difference = Number((from - to).toPrecision(14));
  return Number.isInteger(difference) ? `${difference}.0` : String(difference);
}

function typeName(value: unknown): string {
  if (value === undefined) return 'nil';
  return value === null ? 'userdata' : typeof value;
}
