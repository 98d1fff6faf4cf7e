import type { CompiledRule } from './compiled-rule.ts';

/** Rules filed by the rooms they name, so that a request costs what it asks for. */
export interface RulesByRoom {
  readonly all: CompiledRule[];
  /** What some rule of these allows, whomever it is for. */
  readonly actions: Set<string>;
  readonly transports: Set<string>;
  /** Rules of any room, and those whose rooms depend on the person. */
  readonly unfiled: CompiledRule[];
  readonly byName: Map<string, CompiledRule[]>;
  readonly byPrefix: Map<string, CompiledRule[]>;
  /** The lengths of these prefixes. */
  readonly prefixLengths: Set<number>;
}

/** An empty file. */
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

/** Files one rule, once at start. */
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

/** The rules that may allow one of these rooms, or some; one may be given more than once. */
export function rulesForRooms(file: RulesByRoom, rooms: readonly string[]): readonly CompiledRule[] {
  const found = [...file.unfiled];
  for (const room of rooms) {
    found.push(...(file.byName.get(room) ?? []));
    for (const length of file.prefixLengths) {
      if (length <= room.length) found.push(...(file.byPrefix.get(room.slice(0, length)) ?? []));
    }
  }
  return found;
}

/** The list at a key of a map, made where there is none. */
export function listAt<Key, Value>(map: Map<Key, Value[]>, key: Key): Value[] {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made: Value[] = [];
  map.set(key, made);
  return made;
}
