/**
 * Java's `.properties` syntax, as `java.util.Properties.load` documents it: logical lines that a backslash
 * continues, three kinds of separators, escapes. Each entry keeps the place of its raw value in the text.
 */

/** One key and value, decoded, with the range of the raw value and the number of the line on which it begins. */
export interface Property {
  readonly key: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  /** False for a line that is nothing but a key: a value needs a separator first. */
  readonly separated: boolean;
}

/** All entries in their order, or the line that Java itself would refuse. */
export type ParsedProperties =
  | { readonly ok: true; readonly properties: readonly Property[] }
  | { readonly ok: false; readonly problem: string };

/** One decoded character of a logical line, and the place in the text where it begins. */
interface LogicalCharacter {
  readonly character: string;
  readonly escaped: boolean;
  readonly at: number;
}

interface LogicalLine {
  readonly characters: readonly LogicalCharacter[];
  readonly end: number;
  readonly line: number;
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
  ['f', '\f'],
]);

/** Parses a whole file. Duplicate keys stay duplicate entries, though Java lets the last one win. */
export function parseProperties(text: string): ParsedProperties {
  const properties: Property[] = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const read = readLogicalLine(text, at, line);
    if (!read.ok) return { ok: false, problem: `line ${line}: \\u without four hexadecimal digits` };
    if (read.logical !== undefined) properties.push(toProperty(read.logical));
    at = read.next;
    line = read.nextLine;
  }
  return { ok: true, properties };
}

type ReadLine =
  | { readonly ok: true; readonly logical?: LogicalLine; readonly next: number; readonly nextLine: number }
  | { readonly ok: false };

function readLogicalLine(text: string, from: number, line: number): ReadLine {
  let at = skipBlanks(text, from);
  let nextLine = line;
  if (text[at] === '#' || text[at] === '!') {
    while (at < text.length && !isLineEnd(text[at])) at++;
    return { ok: true, next: afterLineEnd(text, at), nextLine: line + 1 };
  }

  const characters: LogicalCharacter[] = [];
  while (at < text.length && !isLineEnd(text[at])) {
    if (text[at] !== '\\') {
      characters.push({ character: text[at]!, escaped: false, at });
      at++;
    } else if (at + 1 === text.length) {
      at++; // Java drops a lone backslash at the end of the file.
    } else if (isLineEnd(text[at + 1])) {
      at = skipBlanks(text, afterLineEnd(text, at + 1));
      nextLine++;
    } else if (text[at + 1] === 'u') {
      const digits = text.slice(at + 2, at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) return { ok: false };
      characters.push({ character: String.fromCharCode(Number.parseInt(digits, 16)), escaped: true, at });
      at += 6;
    } else {
      const escaped = text[at + 1]!;
      characters.push({ character: escapes.get(escaped) ?? escaped, escaped: true, at });
      at += 2;
    }
  }
  const next = { ok: true, next: afterLineEnd(text, at), nextLine: nextLine + 1 } as const;
  return characters.length === 0 ? next : { ...next, logical: { characters, end: at, line } };
}

function toProperty({ characters, end, line }: LogicalLine): Property {
  const is = (index: number, accepted: string) => {
    const found = characters[index];
    return found !== undefined && !found.escaped && accepted.includes(found.character);
  };
  let keyEnd = 0;
  while (keyEnd < characters.length && !is(keyEnd, '=: \t\f')) keyEnd++;
  let valueStart = keyEnd;
  while (is(valueStart, ' \t\f')) valueStart++;
  if (is(valueStart, '=:')) valueStart++;
  while (is(valueStart, ' \t\f')) valueStart++;

  const decode = (part: readonly LogicalCharacter[]) => part.map(({ character }) => character).join('');
  return {
    key: decode(characters.slice(0, keyEnd)),
    value: decode(characters.slice(valueStart)),
    start: characters[valueStart]?.at ?? end,
    end,
    line,
    separated: valueStart > keyEnd,
  };
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\f') at++;
  return at;
}

function isLineEnd(character: string | undefined): boolean {
  return character === '\n' || character === '\r';
}

function afterLineEnd(text: string, at: number): number {
  return text[at] === '\r' && text[at + 1] === '\n' ? at + 2 : at + 1;
}
