/**
 * The parts that worlds are made of, each held once: equal parts are one object. So a world is compared by the numbers of
 * its parts, and whatever follows from a few parts is worked out once for all the worlds that share them.
 */
const held = new Map<string, object>();
const numbers = new Map<object, number>();
/** A number is one character of a world's key. */
const MOST = 0xffff;

/** The one object that is equal to this, which must not be changed from now on. Properties count in their order. */
export function part<Part extends object>(value: Part): Part {
  const text = JSON.stringify(value);
  const known = held.get(text);
  if (known !== undefined) return known as Part;
  if (numbers.size > MOST) throw new RangeError('too many parts for numbers of 16 bits');
  held.set(text, value);
  numbers.set(value, numbers.size);
  return value;
}

/** The number of a part. */
export function numberOf(value: object): number {
  const number = numbers.get(value);
  if (number === undefined) throw new TypeError(`not a part: ${JSON.stringify(value)}`);
  return number;
}

/** The same function, which remembers: its arguments are parts, or plain values. */
export function memo<Arguments extends readonly unknown[], Result>(
  work: (...values: Arguments) => Result,
): (...values: Arguments) => Result {
  const root = new Map<unknown, unknown>();
  return (...values) => {
    let level = root;
    const last = values.length - 1;
    for (let index = 0; index < last; index++) {
      let next = level.get(values[index]) as typeof root | undefined;
      if (next === undefined) level.set(values[index], (next = new Map()));
      level = next;
    }
    let result = level.get(values[last]) as Result | undefined;
    if (result === undefined && !level.has(values[last])) level.set(values[last], (result = work(...values)));
    return result as Result;
  };
}
