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

/** A function that deletes the oldest entry of a map that is full, so that one more fits in. */
export function roomIn<Key>(map: Map<Key, unknown>, capacity: number): () => void {
  const oldestKey = oldestKeyOf(map);
  return () => {
    if (map.size < capacity) return;
    const oldest = oldestKey();
    if (oldest !== undefined) map.delete(oldest);
  };
}
