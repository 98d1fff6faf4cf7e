import { LuaFactory } from 'wasmoon';

const lua = await new LuaFactory().createEngine();

/**
 * What Lua makes of a Prosody configuration: each option of each section in the order in which it was set, as JSON. The
 * sections are those of Prosody's own `configmanager`; a file that does not end is stopped. `undefined` if it is not Lua or fails.
 */
export function runProsodyConfig(text: string): readonly (readonly [string, string, unknown])[] | undefined {
  lua.global.set('source', text.replace(/^\uFEFF/, ''));
  const listed = lua.doStringSync(`
    local section, set = "global", {}
    local function host(kind) return function(name)
      section = kind .. " " .. tostring(name)
      return function(options)
        if type(options) == "table" then
          for key, value in pairs(options) do set[#set + 1] = { section, tostring(key), value } end
        end
      end
    end end
    local commands = { VirtualHost = host("VirtualHost"), Component = host("Component"), Include = function() end, os = os }
    local environment = setmetatable({}, {
      __index = function(_, name) return commands[name] end,
      __newindex = function(_, name, value) set[#set + 1] = { section, tostring(name), value } end,
    })
    commands._G = environment
    commands._ENV = environment
    local chunk = load(source, "config", "t", environment)
    if not chunk then return nil end
    debug.sethook(function() error("too long") end, "", 10000)
    local ok = pcall(chunk)
    debug.sethook()
    if not ok then return nil end
    local function quote(value)
      if type(value) == "string" then
        return '"' .. value:gsub('[%c"\\\\\\128-\\255]', function(c) return string.format("\\\\u%04x", c:byte()) end) .. '"'
      end
      if type(value) ~= "table" then return '"' .. type(value) .. " " .. tostring(value):gsub("0x%x+", "") .. '"' end
      local parts = {}
      for _, part in ipairs(value) do parts[#parts + 1] = quote(part) end
      return "[" .. table.concat(parts, ",") .. "]"
    end
    local lines = {}
    for _, entry in ipairs(set) do lines[#lines + 1] = quote({ entry[1], entry[2], entry[3] == nil and "nil" or entry[3] }) end
    return "[" .. table.concat(lines, ",") .. "]"
  `) as string | null | undefined;
  return typeof listed === 'string' ? (JSON.parse(listed) as [string, string, unknown][]) : undefined;
}
