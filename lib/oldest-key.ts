/**
 * Gives the oldest key of a map, which the caller must then delete. The first key of a new iterator would cost more the more
 * was deleted: V8 skips each deleted entry, one by one, until the map grows.
 */
export function oldestKeyOf<Key>(map: ReadonlyMap<Key, unknown>): () => Key | undefined {
  let keys = map.keys();
  return () => {
    const { value, done } = keys.next();
    if (done !== true) return value;
    // An iterator that came to its end does not see what is added later.
    keys = map.keys();
    return keys.next().value;
  };
}
