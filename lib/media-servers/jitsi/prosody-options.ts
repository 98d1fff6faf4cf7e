import { readLuaTokens, type LuaToken } from './lua-tokens.ts';

/**
 * The options of a Prosody configuration. The file is a Lua program, but one of a simple form: `name = value`, which
 * belongs to the global section or to the last `VirtualHost "…"` or `Component "…"` before it. Only that form is
 * understood here; any other use of an option's name (a condition, a table, a local) is listed as a mention.
 *
 * @see https://prosody.im/doc/configure
 */
export interface ProsodyConfig {
  readonly sections: readonly ProsodySection[];
  readonly options: readonly ProsodyOption[];
  /** Names that stand somewhere else than on the left of an option's `=`. */
  readonly mentions: readonly LuaToken[];
  /** The first word after which the file can set options, or leave them out, in ways that only Prosody can follow. */
  readonly dynamic: LuaToken | undefined;
}

/** The part of a file from one `VirtualHost` or `Component` line to the next; `global` is what stands before the first. */
export interface ProsodySection {
  readonly kind: 'global' | 'VirtualHost' | 'Component';
  /** The host name; left out for the global section and for a name that only Prosody can tell. */
  readonly host?: string;
}

/** One `name = value`, the line it stands on counted from 1. */
export interface ProsodyOption {
  readonly name: string;
  readonly value: ProsodyValue;
  readonly section: ProsodySection;
  readonly line: number;
}

/** A literal, or `other` for what only Prosody itself can evaluate. */
export type ProsodyValue =
  | { readonly kind: 'text'; readonly text: string; readonly token: LuaToken }
  | { readonly kind: 'boolean'; readonly boolean: boolean }
  | { readonly kind: 'list'; readonly texts: readonly string[] }
  | { readonly kind: 'other' };

/** A file that was read as a whole, or why it cannot be. */
export type ParsedProsody =
  { readonly ok: true; readonly config: ProsodyConfig } | { readonly ok: false; readonly problem: string };

const blockOpeners = new Set(['if', 'do', 'function', 'repeat']);
const blockClosers = new Set(['end', 'until']);
/** A name after one of these is not an option: a field, a method, a second variable, a local. */
const notBeforeOptions = new Set(['.', ':', ',', 'local', 'function', 'for', 'goto', '::']);
/** Lua names that can set any option without naming it. */
const dynamicNames = new Set([
  '_ENV',
  '_G',
  'setmetatable',
  'rawset',
  'load',
  'loadstring',
  'loadfile',
  'dofile',
]);

/** Reads a whole file; `ok: false` with the line at which the text is not Lua. */
export function parseProsodyConfig(text: string): ParsedProsody {
  const read = readLuaTokens(text);
  if (!read.ok) return read;
  const { tokens } = read;
  const sections: ProsodySection[] = [{ kind: 'global' }];
  const options: ProsodyOption[] = [];
  const mentions: LuaToken[] = [];
  const open: LuaToken[] = [];
  let dynamic: LuaToken | undefined;

  for (const [index, token] of tokens.entries()) {
    if (opens(token)) open.push(token);
    if (closes(token) && open.pop() === undefined)
      return { ok: false, problem: `line ${token.line}: "${token.value}" closes nothing` };
    if (isDynamic(token, open)) dynamic ??= token;
    if (token.kind !== 'name') continue;

    const atTop = open.length === 0;
    const section = atTop ? sectionAt(tokens, index) : undefined;
    if (section !== undefined) {
      sections.push(section);
    } else if (atTop && isOption(tokens, index)) {
      const value = valueAt(tokens, index + 2);
      options.push({ name: token.value, value, section: sections.at(-1)!, line: token.line });
    } else {
      mentions.push(token);
    }
  }
  if (open.length > 0) return { ok: false, problem: 'a block or a bracket is not closed' };
  return { ok: true, config: { sections, options, mentions, dynamic } };
}

/** A `return` outside of a function ends the file; `goto` can end it, too. */
function isDynamic(token: LuaToken, open: readonly LuaToken[]): boolean {
  if (token.kind === 'name') return dynamicNames.has(token.value);
  if (token.kind !== 'keyword') return false;
  if (token.value === 'goto') return true;
  return (
    token.value === 'return' && !open.some(({ kind, value }) => kind === 'keyword' && value === 'function')
  );
}

function opens(token: LuaToken): boolean {
  return token.kind === 'keyword' ? blockOpeners.has(token.value) : isSymbol(token, '(', '{', '[');
}

function closes(token: LuaToken): boolean {
  return token.kind === 'keyword' ? blockClosers.has(token.value) : isSymbol(token, ')', '}', ']');
}

/** `VirtualHost "host"`, `VirtualHost("host")`, the same with `Component`. */
function sectionAt(tokens: readonly LuaToken[], index: number): ProsodySection | undefined {
  const kind = tokens[index]?.value;
  if (kind !== 'VirtualHost' && kind !== 'Component') return undefined;
  const host = tokens[isSymbol(tokens[index + 1], '(') ? index + 2 : index + 1];
  if (host?.kind === 'string') return { kind, host: host.value };
  return isSymbol(tokens[index + 1], '=') ? undefined : { kind };
}

function isOption(tokens: readonly LuaToken[], index: number): boolean {
  const before = tokens[index - 1];
  const free = before === undefined || before.kind === 'string' || !notBeforeOptions.has(before.value);
  return free && isSymbol(tokens[index + 1], '=');
}

function valueAt(tokens: readonly LuaToken[], index: number): ProsodyValue {
  const token = tokens[index];
  if (token === undefined) return { kind: 'other' };
  if (isSymbol(token, '{')) return listAt(tokens, index + 1);
  if (!endsStatement(tokens[index + 1])) return { kind: 'other' };
  if (token.kind === 'string') return { kind: 'text', text: token.value, token };
  if (token.kind === 'keyword' && (token.value === 'true' || token.value === 'false')) {
    return { kind: 'boolean', boolean: token.value === 'true' };
  }
  return { kind: 'other' };
}

/** `{ "a", "b"; "c" }`: strings only. */
function listAt(tokens: readonly LuaToken[], from: number): ProsodyValue {
  const texts: string[] = [];
  let at = from;
  while (tokens[at]?.kind === 'string') {
    texts.push(tokens[at]!.value);
    at++;
    if (!isSymbol(tokens[at], ',', ';')) break;
    at++;
  }
  return isSymbol(tokens[at], '}') && endsStatement(tokens[at + 1])
    ? { kind: 'list', texts }
    : { kind: 'other' };
}

/** Whether an expression ends before this token: nothing follows that could carry it on. */
function endsStatement(token: LuaToken | undefined): boolean {
  if (token === undefined || token.kind === 'name' || isSymbol(token, ';')) return true;
  return token.kind === 'keyword' && token.value !== 'and' && token.value !== 'or';
}

function isSymbol(token: LuaToken | undefined, ...values: readonly string[]): boolean {
  return token?.kind === 'symbol' && values.includes(token.value);
}
