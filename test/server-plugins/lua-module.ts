import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LuaFactory } from 'wasmoon';
import type { LuaEngine } from 'wasmoon';

/** A module of ours for Prosody, in a real Lua. */
export interface LuaModule {
  readonly lua: LuaEngine;
  readonly source: string;
  /** What the module logged: `LEVEL: TEXT`. */
  readonly log: string[];
}

/** Prosody's `util.json`, and the module's log. */
const PRELUDE = `
  package.preload["util.json"] = function ()
    return { decode = function (text)
      local table_text = decode_json(text)
      if not table_text then return nil, "syntax error" end
      return load("return " .. table_text)()
    end }
  end
  module = { host = "meet.example" }
  function module:log(level, message, ...) log_line(level .. ": " .. message:format(...)) end
`;

/**
 * Starts a Lua for a module of `server-plugins/prosody`, without running the module.
 *
 * @param prosody what else the module finds of Prosody, in Lua
 * @param globals what this Lua calls
 */
export async function startLua(
  name: string,
  prosody: string,
  globals: Readonly<Record<string, unknown>>,
): Promise<LuaModule> {
  const file = join(import.meta.dirname, '../../server-plugins/prosody', `${name}.lua`);
  const source = await readFile(file, 'utf8');
  const log: string[] = [];
  const lua = await new LuaFactory().createEngine();
  lua.global.set('decode_json', jsonToLua);
  lua.global.set('log_line', (line: string) => log.push(line));
  for (const [global, value] of Object.entries(globals)) lua.global.set(global, value);
  await lua.doString(PRELUDE + prosody);
  return { lua, source, log };
}

/** A JSON value as Lua writes it; values in the tests are plain ASCII. */
function toLua(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(
        ([name, member]) =>
          `[${Array.isArray(value) ? Number(name) + 1 : JSON.stringify(name)}]=${toLua(member)}`,
      )
      .join(',')}}`;
  }
  return value === null ? 'false' : JSON.stringify(value);
}

/** What a decoder of JSON gives to Lua: a table as Lua writes it; nothing if it is not JSON. */
function jsonToLua(text: string): string | undefined {
  try {
    return toLua(JSON.parse(text));
  } catch {
    return undefined;
  }
}
