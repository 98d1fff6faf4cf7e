/**
 * A room or session name: 1 to 128 ASCII letters, digits or `. _ ~ -`, beginning with a letter or digit; nothing that a
 * server could read as a list, a wildcard or a path.
 */
export const ROOM_NAME = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;

/** What a rule's `rooms` come to for one person: templates filled in, ready to be asked. */
export interface RoomMatcher {
  readonly any: boolean;
  /** Whether this room is one of them; `room` is already folded to the target's case. */
  matches(room: string): boolean;
}

interface Template {
  /** Texts and claim names in turn, beginning and ending with a text. */
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

/**
 * What is wrong with a room pattern of a rule, or `undefined`. Right are a name, a prefix that ends in `*`, and `*`, with
 * `${claim}` for any part of them.
 */
export function roomPatternProblem(pattern: string): string | undefined {
  if (pattern === '*') return undefined;
  const sample = pattern.replaceAll(new RegExp(CLAIM, 'g'), 'x').replace(/\*$/, '');
  if (sample !== '' && ROOM_NAME.test(sample)) return undefined;
  return 'must be a room name, a prefix such as "news-*", or "*", with ${claim} for a claim’s value';
}

/** Reads a rule's `rooms`. Patterns that `roomPatternProblem` objects to match nothing. */
export function compileRooms(patterns: readonly string[], foldCase: boolean): RoomPatterns {
  const fold = (text: string): string => (foldCase ? text.toLowerCase() : text);
  const sound = patterns.filter((pattern) => roomPatternProblem(pattern) === undefined && pattern !== '*');
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
    foldCase,
  };
}

/** Fills in a person's claims. A template whose claim is missing, or no legal room name itself, matches nothing. */
export function matchRooms(patterns: RoomPatterns, claims: Readonly<Record<string, unknown>>): RoomMatcher {
  const filled = patterns.templates.flatMap((template) => {
    const text = fillTemplate(template, claims);
    if (text === undefined) return [];
    return [{ text: patterns.foldCase ? text.toLowerCase() : text, prefix: template.prefix }];
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

function fillTemplate(template: Template, claims: Readonly<Record<string, unknown>>): string | undefined {
  let text = '';
  for (const [index, part] of template.parts.entries()) {
    if (index % 2 === 0) {
      text += part;
      continue;
    }
    const value = Object.hasOwn(claims, part) ? claims[part] : undefined;
    if (typeof value !== 'string' || !ROOM_NAME.test(value)) return undefined;
    text += value;
  }
  return text;
}
