/**
 * A room or session name: 1 to 128 ASCII letters, digits or `. _ ~ -`, beginning with a letter or digit; nothing that a
 * server could read as a list, a wildcard or a path.
 */
export const ROOM_NAME = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;

/** A room of a server whose rooms are paths: 1 to 8 room names with `/` between them, such as `live/cam1`. */
export const ROOM_PATH = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}(?:\/[A-Za-z0-9][A-Za-z0-9._~-]{0,127}){0,7}$/;

/** A rule's `rooms` for one user, with templates filled in. */
export interface RoomMatcher {
  readonly any: boolean;
  /** Whether this room is one of them; `room` is already folded to the target's case. */
  matches(room: string): boolean;
}

/** How a target's rooms are named. */
export interface RoomGrammar {
  /** Whether the server folds the case of names. */
  readonly foldsRoomCase: boolean;
  /** Whether a room may be a path of names. */
  readonly roomsArePaths?: true;
}

interface Template {
  /** Strings and claim names in turn, beginning and ending with a string. */
  readonly parts: readonly string[];
  readonly prefix: boolean;
}

/** A rule's `rooms`, read once at start. */
export interface RoomPatterns {
  readonly any: boolean;
  readonly names: ReadonlySet<string>;
  readonly prefixes: ReadonlySet<string>;
  /** The lengths of these prefixes. */
  readonly prefixLengths: readonly number[];
  readonly templates: readonly Template[];
  readonly foldCase: boolean;
}

const CLAIM = /\$\{([^${}]+)\}/;

/** Whether this is a valid room of such a target. */
export function isRoom(room: string, { roomsArePaths }: RoomGrammar): boolean {
  return (roomsArePaths ? ROOM_PATH : ROOM_NAME).test(room);
}

/**
 * The problem of a rule's room pattern, or `undefined`. Valid are a name, a prefix that ends in `*`, and `*`, with `${claim}`
 * for any part of them.
 */
export function roomPatternProblem(pattern: string, grammar: RoomGrammar): string | undefined {
  if (pattern === '*') return undefined;
  // A prefix is valid if some room begins with it.
  const sample = pattern.replaceAll(new RegExp(CLAIM, 'g'), 'x').replace(/(?<=.)\*$/, 'x');
  if (isRoom(sample, grammar)) return undefined;
  return 'must be a room name, a prefix such as "news-*", or "*", with ${claim} for a claim’s value';
}

/** Reads a rule's `rooms`. Patterns that `roomPatternProblem` refuses match nothing. */
export function compileRooms(patterns: readonly string[], grammar: RoomGrammar): RoomPatterns {
  const fold = (text: string): string => (grammar.foldsRoomCase ? text.toLowerCase() : text);
  const sound = patterns.filter(
    (pattern) => roomPatternProblem(pattern, grammar) === undefined && pattern !== '*',
  );
  const fixed = sound.filter((pattern) => !CLAIM.test(pattern)).map(fold);
  const prefixes = new Set(
    fixed.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1)),
  );
  return {
    any: patterns.includes('*'),
    names: new Set(fixed.filter((pattern) => !pattern.endsWith('*'))),
    prefixes,
    prefixLengths: [...new Set([...prefixes].map((prefix) => prefix.length))],
    templates: sound
      .filter((pattern) => CLAIM.test(pattern))
      .map((pattern) => ({
        parts: pattern.replace(/\*$/, '').split(CLAIM),
        prefix: pattern.endsWith('*'),
      })),
    foldCase: grammar.foldsRoomCase,
  };
}

/**
 * Fills in a user's claims. A template matches nothing if one of its claims is missing, is not a legal room name, or contains
 * the text that separates it from what follows.
 */
export function matchRooms(patterns: RoomPatterns, claims: Readonly<Record<string, unknown>>): RoomMatcher {
  const filled = patterns.templates.flatMap((template) => {
    const text = fillTemplate(template, claims, patterns.foldCase);
    return typeof text === 'string' ? [{ text, prefix: template.prefix }] : [];
  });
  return {
    any: patterns.any,
    matches: (room) =>
      patterns.any ||
      patterns.names.has(room) ||
      patterns.prefixLengths.some((length) => patterns.prefixes.has(room.slice(0, length))) ||
      filled.some(({ text, prefix }) => (prefix ? room.startsWith(text) : room === text)),
  };
}

/** Why a template matches nothing for a user, and which claim is the cause. */
export interface TemplateProblem {
  readonly claim: string;
  readonly problem: 'is_missing' | 'is_no_room' | 'has_separator';
}

/** A template with a user's claims in it, in the target's case. */
export function fillTemplate(
  { parts, prefix }: Template,
  claims: Readonly<Record<string, unknown>>,
  foldCase: boolean,
): string | TemplateProblem {
  const fold = (text: string): string => (foldCase ? text.toLowerCase() : text);
  let text = '';
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 0) {
      text += fold(part);
      continue;
    }
    if (!Object.hasOwn(claims, part)) return { claim: part, problem: 'is_missing' };
    const claim = claims[part];
    if (typeof claim !== 'string' || !ROOM_NAME.test(claim)) return { claim: part, problem: 'is_no_room' };
    const value = fold(claim);
    const separator = fold(parts[index + 1] ?? '');
    const isFollowed = prefix || index + 2 < parts.length;
    // Otherwise two users with different values could meet in one room: "a" in "a~b~c", and "a~b" too.
    if (isFollowed && separator !== '' && `${value}${separator}`.indexOf(separator) < value.length) {
      return { claim: part, problem: 'has_separator' };
    }
    text += value;
  }
  return text;
}
