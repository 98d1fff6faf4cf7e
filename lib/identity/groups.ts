import { isJsonObject } from '../jws/compact.ts';
import type { JsonObject } from '../jws/compact.ts';

/** A function that finds the groups itself. If it throws, or returns something other than an array, there are no groups. */
export type GroupsFunction = (claims: JsonObject) => readonly string[];

/** A claim that holds groups. */
export interface GroupClaim {
  /** Its name, or the path to it: `realm_access.roles`. A claim that is literally so named goes first. */
  readonly claim: string;
  /** What stands between groups, for a claim that holds all of them in one string: `,`. */
  readonly separator?: string;
  /** Only groups of this form count. */
  readonly only?: RegExp;
}

/** One place that groups are read from. */
export type GroupSource = GroupClaim | GroupsFunction;

/** Where a provider's tokens say which groups a user is in: one place, or several. */
export type Groups = string | GroupSource | readonly (string | GroupSource)[];

/** What was found in one place. */
export interface FoundGroups {
  /** The claim's name or path, or `function`. */
  readonly source: string;
  /** Whether the token has such a claim. */
  readonly present: boolean;
  readonly groups: readonly string[];
}

/** The places of a configuration's `groups`. */
export function toGroupSources(groups: Groups): readonly GroupSource[] {
  const places: readonly (string | GroupSource)[] = isList(groups) ? groups : [groups];
  return places.map((place) => (typeof place === 'string' ? { claim: place } : place));
}

function isList(groups: Groups): groups is readonly (string | GroupSource)[] {
  return Array.isArray(groups);
}

/** A user's groups, each once, from every source that the token has. */
export function groupsIn(sources: readonly GroupSource[], claims: JsonObject): readonly string[] {
  const groups = new Set<string>();
  for (const source of sources) for (const group of findGroups(source, claims).groups) groups.add(group);
  return [...groups];
}

/**
 * What one source comes to. A claim that is an array holds groups, one that is a string is a group, and of an object the
 * names of its members are groups, unless a member says no (`false` or `null`). Entries of another type count for nothing.
 */
export function findGroups(source: GroupSource, claims: JsonObject): FoundGroups {
  if (typeof source === 'function') {
    return { source: 'function', present: true, groups: stringsOf(called(source, claims)) };
  }
  const value = valueAt(claims, source.claim);
  const groups = stringsOf(isJsonObject(value) ? trueNames(value) : split(value, source.separator));
  return {
    source: source.claim,
    present: value !== undefined,
    groups: source.only === undefined ? groups : groups.filter((group) => source.only?.test(group)),
  };
}

/** Whether some token could hold this group. */
export function canSendGroup(sources: readonly GroupSource[], group: string): boolean {
  return sources.some(
    (source) => typeof source === 'function' || source.only === undefined || source.only.test(group),
  );
}

function called(source: GroupsFunction, claims: JsonObject): unknown {
  try {
    return source(claims);
  } catch {
    return undefined;
  }
}

/** Names such as the roles of ZITADEL, whose members say in which organizations. */
function trueNames(groups: JsonObject): readonly string[] {
  return Object.keys(groups).filter((name) => groups[name] !== false && groups[name] !== null);
}

/** The parts of a string of groups. Brackets around all of them and quotes around each are left out: `[staff, crew]`. */
function split(value: unknown, separator: string | undefined): unknown {
  if (typeof value !== 'string') return value;
  if (separator === undefined) return [value];
  const text = value.trim();
  const inner = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  return inner.split(separator).map((part) => {
    const group = part.trim();
    return group.length > 1 && group.startsWith('"') && group.endsWith('"') ? group.slice(1, -1) : group;
  });
}

function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string' && entry !== '') : [];
}

/**
 * The value at a path of own members of objects, or `undefined`. Names may have dots themselves: the longest that exists goes
 * first.
 */
function valueAt(from: JsonObject, path: string): unknown {
  if (Object.hasOwn(from, path)) return from[path];
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot);
    const member = Object.hasOwn(from, name) ? from[name] : undefined;
    const value = isJsonObject(member) ? valueAt(member, path.slice(dot + 1)) : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}
