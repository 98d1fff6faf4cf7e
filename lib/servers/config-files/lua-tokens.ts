/**
 * The tokens of Lua 5.4 (reference manual §3.1), as far as a configuration needs them: names, texts with their
 * decoded value, and everything else as symbols. Comments and blanks are left out.
 */

/** One token, with its place in the text and the number of its line. */
export interface LuaToken {
  readonly kind: 'name' | 'keyword' | 'string' | 'number' | 'symbol';
  /** The name, keyword, number or symbol as it stands; of a string its decoded value. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  /** Of a string: the range between its quotes or brackets. */
  readonly content?: { readonly start: number; readonly end: number };
}

/** All tokens, or the line at which the text stops being Lua. */
export type LuaTokens =
  | { readonly ok: true; readonly tokens: readonly LuaToken[] }
  | { readonly ok: false; readonly problem: string };

const keywords = new Set(
  (
    'and break do else elseif end false for function goto if in local nil not or repeat return then true until ' +
    'while'
  ).split(' '),
);
const symbols = /\.\.\.|\.\.|::|<<|>>|\/\/|==|~=|<=|>=|[-+*/%^#&~|<>=(){}[\];:,.]/y;
const names = /[A-Za-z_][A-Za-z0-9_]*/y;
const numbers = /(?:0[xX][0-9A-Fa-f.]*(?:[pP][-+]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/y;
const longOpenings = /\[(=*)\[/y;

/** Reads a whole text. */
export function readLuaTokens(text: string): LuaTokens {
  const tokens: LuaToken[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  const fail = (problem: string) => ({ ok: false, problem: `line ${line}: ${problem}` }) as const;

  const match = (pattern: RegExp, from: number) => {
    pattern.lastIndex = from;
    return pattern.exec(text)?.[0];
  };

  while (at < text.length) {
    const character = text[at]!;
    if (character === '\n') line++;
    if (/[ \t\r\n\v\f]/.test(character)) {
      at++;
      continue;
    }

    if (text.startsWith('--', at)) {
      const long = match(longOpenings, at + 2);
      if (long === undefined) {
        while (at < text.length && text[at] !== '\n' && text[at] !== '\r') at++;
        continue;
      }
      const content = longContent(text, at + 2, long.length);
      if (content === undefined) return fail('a comment that begins here has no end');
      line += countLines(text, at, content.after);
      at = content.after;
      continue;
    }

    const long = match(longOpenings, at);
    if (long !== undefined) {
      const content = longContent(text, at, long.length);
      if (content === undefined) return fail('a text that begins here has no end');
      const { after, ...range } = content;
      const value = text.slice(range.start, range.end).replace(/\r\n|\n\r|\r/g, '\n');
      tokens.push({ kind: 'string', value, start: at, end: after, line, content: range });
      line += countLines(text, at, after);
      at = after;
      continue;
    }

    if (character === '"' || character === "'") {
      const quoted = readQuoted(text, at);
      if (quoted === undefined) return fail('a text that begins here has no end, or an escape that Lua does not know');
      const content = { start: at + 1, end: quoted.after - 1 };
      tokens.push({ kind: 'string', value: quoted.value, start: at, end: quoted.after, line, content });
      line += countLines(text, at, quoted.after);
      at = quoted.after;
      continue;
    }

    const name = match(names, at);
    const number = name === undefined ? match(numbers, at) : undefined;
    const value = name ?? number ?? match(symbols, at);
    if (value === undefined) return fail('a character that Lua does not know');
    const kind = name !== undefined ? (keywords.has(name) ? 'keyword' : 'name') : number !== undefined ? 'number' : 'symbol';
    tokens.push({ kind, value, start: at, end: at + value.length, line });
    at += value.length;
  }
  return { ok: true, tokens };
}

/** The content of `[==[ … ]==]`, without the line end that may follow the opening (Lua drops it). */
function longContent(text: string, at: number, openingLength: number) {
  const closing = `]${'='.repeat(openingLength - 2)}]`;
  let start = at + openingLength;
  const end = text.indexOf(closing, start);
  if (end < 0) return undefined;
  if (text.startsWith('\r\n', start) || text.startsWith('\n\r', start)) start += 2;
  else if (text[start] === '\n' || text[start] === '\r') start++;
  return { start, end, after: end + closing.length };
}

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ['"', '"'],
  ["'", "'"],
]);
const coded = /\\(?:x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,6})\}|([0-9]{1,3})|(z)[ \t\r\n\v\f]*|(\r\n|\n\r|\r|\n))/y;

/** A text in quotes; bytes that an escape names stand for the character of that code. */
function readQuoted(text: string, at: number): { value: string; after: number } | undefined {
  const quote = text[at]!;
  let value = '';
  let next = at + 1;
  while (next < text.length) {
    const character = text[next]!;
    if (character === quote) return { value, after: next + 1 };
    if (character === '\n' || character === '\r') return undefined;
    if (character !== '\\') {
      value += character;
      next++;
      continue;
    }
    const simple = simpleEscapes.get(text[next + 1] ?? '');
    if (simple !== undefined) {
      value += simple;
      next += 2;
      continue;
    }
    coded.lastIndex = next;
    const found = coded.exec(text);
    if (found === null) return undefined;
    const [whole, hexadecimal, unicode, decimal, , lineEnd] = found;
    const code = hexadecimal ?? unicode;
    const point = code !== undefined ? Number.parseInt(code, 16) : decimal !== undefined ? Number(decimal) : undefined;
    if (point !== undefined) {
      if (point > (unicode !== undefined ? 0x10_ff_ff : 255)) return undefined;
      value += String.fromCodePoint(point);
    } else if (lineEnd !== undefined) {
      value += '\n';
    }
    next += whole.length;
  }
  return undefined;
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
