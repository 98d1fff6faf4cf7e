import type { CompiledRule } from './compiled-rule.ts';

/** Rules indexed by the rooms they name, so that a request's cost depends on its own size. */
export interface RulesByRoom {
  readonly all: CompiledRule[];
  /** What at least one of these rules allows, for any user. */
  readonly actions: Set<string>;
  readonly transports: Set<string>;
  /** Rules for any room, and rules whose rooms depend on the user. */
  readonly unfiled: CompiledRule[];
  readonly byName: Map<string, CompiledRule[]>;
  readonly byPrefix: Map<string, CompiledRule[]>;
  /** The lengths of these prefixes. */
  readonly prefixLengths: Set<number>;
}

/** An empty index. */
export function newRulesByRoom(): RulesByRoom {
  return {
    all: [],
    actions: new Set(),
    transports: new Set(),
    unfiled: [],
    byName: new Map(),
    byPrefix: new Map(),
    prefixLengths: new Set(),
  };
}

/** Adds one rule, at start. */
export function fileByRoom(file: RulesByRoom, compiled: CompiledRule): void {
  const { any, names, prefixes, templates } = compiled.rooms;
  file.all.push(compiled);
  for (const action of compiled.rule.actions) file.actions.add(action);
  for (const transport of compiled.transports) file.transports.add(transport);
  if (any || templates.length > 0) {
    file.unfiled.push(compiled);
    return;
  }
  for (const name of names) listAt(file.byName, name).push(compiled);
  for (const prefix of prefixes) {
    listAt(file.byPrefix, prefix).push(compiled);
    file.prefixLengths.add(prefix.length);
  }
}

/** The rules that may allow one of these rooms, maybe with others of the file; one may be given more than once. */
export function rulesForRooms(file: RulesByRoom, rooms: readonly string[]): readonly CompiledRule[] {
  // To look for each room would take longer.
  if (file.all.length <= rooms.length) return file.all;
  const found = [...file.unfiled];
  for (const room of rooms) {
    found.push(...(file.byName.get(room) ?? []));
    for (const length of file.prefixLengths) {
      if (length <= room.length) found.push(...(file.byPrefix.get(room.slice(0, length)) ?? []));
    }
  }
  return found;
}

/** The array at a key of a map; a new one if there is none. */
export function listAt<Key, Value>(map: Map<Key, Value[]>, key: Key): Value[] {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made: Value[] = [];
  map.set(key, made);
  return made;
}
