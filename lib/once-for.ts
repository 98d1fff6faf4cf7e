/**
 * A function that makes something of an object once, and gives the same for as long as the object lives.
 *
 * @param make pure: gives the same for the same object, and never `undefined`
 */
export function onceFor<Key extends object, Made extends object | string>(
  make: (key: Key) => Made,
): (key: Key) => Made {
  const made = new WeakMap<Key, Made>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}
