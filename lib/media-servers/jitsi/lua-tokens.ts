/**
 * The tokens of Lua 5.4 (reference manual §3.1), as far as a configuration needs them: names, keywords, strings with their
 * decoded value, numbers and symbols. Comments and blanks are left out.
 */

/** One token, with its place in the text and the number of the line on which it begins. */
export interface LuaToken extends ScannedToken {
  readonly line: number;
}

interface ScannedToken {
  readonly kind: 'name' | 'keyword' | 'string' | 'number' | 'symbol';
  /** The name, keyword, number or symbol as it stands; of a string its decoded value. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** Of a string: the range between its quotes or brackets. */
  readonly content?: { readonly start: number; readonly end: number };
}

interface Blank {
  readonly kind: 'blank';
  readonly end: number;
}

interface Unreadable {
  readonly kind: 'unreadable';
  readonly problem: string;
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
const blanks = /[ \t\r\n\v\f]+/y;
const lineComments = /--[^\r\n]*/y;
const symbols = /\.\.\.|\.\.|::|<<|>>|\/\/|==|~=|<=|>=|[-+*/%^#&~|<>=(){}[\];:,.]/y;
const names = /[A-Za-z_][A-Za-z0-9_]*/y;
const numbers = /0[xX][0-9A-Fa-f.]*(?:[pP][-+]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/y;
const longOpenings = /(?:--)?\[=*\[/y;

/** Reads a whole text; a byte order mark before it is passed over. */
export function readLuaTokens(text: string): LuaTokens {
  const tokens: LuaToken[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const scanned = scan(text, at);
    if (scanned.kind === 'unreadable') return { ok: false, problem: `line ${line}: ${scanned.problem}` };
    if (scanned.kind !== 'blank') tokens.push({ ...scanned, line });
    line += countLineEnds(text, at, scanned.end);
    at = scanned.end;
  }
  return { ok: true, tokens };
}

function scan(text: string, at: number): ScannedToken | Blank | Unreadable {
  const opening = match(longOpenings, text, at);
  if (opening !== undefined) return scanLongBracket(text, at, opening);
  const blank = match(blanks, text, at) ?? match(lineComments, text, at);
  if (blank !== undefined) return { kind: 'blank', end: at + blank.length };
  if (text[at] === '"' || text[at] === "'") return scanQuoted(text, at);

  const token = (kind: ScannedToken['kind'], value: string) => ({
    kind,
    value,
    start: at,
    end: at + value.length,
  });
  const name = match(names, text, at);
  if (name !== undefined) return token(keywords.has(name) ? 'keyword' : 'name', name);
  const number = match(numbers, text, at);
  if (number !== undefined) return token('number', number);
  const symbol = match(symbols, text, at);
  if (symbol !== undefined) return token('symbol', symbol);
  return { kind: 'unreadable', problem: 'a character that Lua does not know' };
}

/** `[==[ … ]==]`, a string or, with `--` before it, a comment. Lua drops a line end right after the opening. */
function scanLongBracket(text: string, at: number, opening: string): ScannedToken | Blank | Unreadable {
  const isComment = opening.startsWith('--');
  const level = opening.length - (isComment ? 4 : 2);
  const closing = `]${'='.repeat(level)}]`;
  const from = at + opening.length;
  const closesAt = text.indexOf(closing, from);
  if (closesAt < 0) return { kind: 'unreadable', problem: 'a long bracket that begins here has no end' };
  const end = closesAt + closing.length;
  if (isComment) return { kind: 'blank', end };
  const start = from + (match(/\r\n|\n\r|\r|\n/y, text, from)?.length ?? 0);
  const value = text.slice(start, closesAt).replace(/\r\n|\n\r|\r/g, '\n');
  return { kind: 'string', value, start: at, end, content: { start, end: closesAt } };
}

const escapes = new RegExp(
  [
    /\\([abfnrtv\\"'])/, // 1: one letter
    /\\x([0-9A-Fa-f]{2})/, // 2: a byte
    /\\([0-9]{1,3})/, // 3: a byte
    /\\u\{([0-9A-Fa-f]{1,6})\}/, // 4: a character
    /\\z[ \t\r\n\v\f]*/, // blanks that do not count
    /\\(\r\n|\n\r|\r|\n)/, // 5: a line end
  ]
    .map(({ source }) => source)
    .join('|'),
  'y',
);
const letters: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** A string in quotes. The byte of an escape becomes the character of that code. */
function scanQuoted(text: string, at: number): ScannedToken | Unreadable {
  const plain = text[at] === '"' ? /[^"\\\r\n]+/y : /[^'\\\r\n]+/y;
  let value = '';
  let next = at + 1;
  while (text[next] !== text[at]) {
    const run = match(plain, text, next);
    if (run !== undefined) {
      value += run;
      next += run.length;
      continue;
    }
    escapes.lastIndex = next;
    const escape = escapes.exec(text);
    const decoded = escape === null ? undefined : decodeEscape(escape);
    if (escape === null || decoded === undefined) {
      return {
        kind: 'unreadable',
        problem: 'a text that begins here has no end, or an escape unknown to Lua',
      };
    }
    value += decoded;
    next += escape[0].length;
  }
  return { kind: 'string', value, start: at, end: next + 1, content: { start: at + 1, end: next } };
}

function decodeEscape([, letter, hexadecimal, decimal, point, lineEnd]: RegExpExecArray): string | undefined {
  if (letter !== undefined) return letters[letter] ?? letter;
  if (lineEnd !== undefined) return '\n';
  if (hexadecimal !== undefined) return String.fromCharCode(Number.parseInt(hexadecimal, 16));
  if (decimal !== undefined) return Number(decimal) > 255 ? undefined : String.fromCharCode(Number(decimal));
  if (point === undefined) return '';
  const code = Number.parseInt(point, 16);
  return code > 0x10_ff_ff ? undefined : String.fromCodePoint(code);
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function countLineEnds(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (text[at] === '\n') count++;
  return count;
}
