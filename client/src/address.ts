// Addresses with a token in them, built part by part: no part can add another one, or lead to another server.

const ORIGIN = /^[a-z]+:\/\/(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/i;

/**
 * The server's origin without a slash at its end.
 * @param protocols which protocols it may have, with what is usual first: `https`.
 * @throws {TypeError} if it has another protocol, a path, a query or a user name.
 */
export function originOf(server: string, ...protocols: readonly string[]): string {
  const origin = server.replace(/\/$/, '');
  const [protocol = ''] = origin.toLowerCase().split('://');
  if (ORIGIN.test(origin) && protocols.includes(protocol)) return origin;
  throw new TypeError(`server must be an origin such as ${protocols[0]}://media.example.com`);
}

/**
 * A path of these parts, each percent-encoded; what is `undefined` is left out.
 * @throws {TypeError} if a part is empty, or `.` or `..`, which lead out of the path however they are encoded.
 */
export function pathOf(...parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part) => part !== undefined)
    .map((part) => {
      if (/^\.{0,2}$/.test(part)) throw new TypeError(`"${part}" is not a name in an address`);
      return `/${encodeURIComponent(part)}`;
    })
    .join('');
}

/** A query of these values, each percent-encoded. */
export function queryOf(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}
