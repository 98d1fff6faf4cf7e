import * as v from 'valibot';
import type { Kick } from './kick.ts';

/** What MediaMTX calls its connections, by protocol. An older server does not know all of them. */
const LISTS = [
  'webrtcsessions',
  'rtmpconns',
  'rtmpsconns',
  'rtspsessions',
  'rtspssessions',
  'srtconns',
  'hlssessions',
];
const PER_PAGE = 1000;
const TIMEOUT_MS = 5000;

const page = v.object({
  pageCount: v.number(),
  items: v.array(
    v.object({ id: v.string(), user: v.optional(v.string(), ''), query: v.optional(v.string(), '') }),
  ),
});

/**
 * MediaMTX's control API: ends the connections whose `user` (with `authMethod: jwt`, the token's `sub`) is denied, or whose
 * address holds a denied token.
 *
 * @returns how many connections were ended
 * @throws {Error} the server does not answer, or not as documented
 * @see MediaMTX documentation, "Control API"; bluenviron/mediamtx `internal/api`, `internal/defs/api_webrtc.go`
 */
export const kickMediamtx: Kick = async ({ address }, { subjects, holds }) => {
  const { origin, username, password } = new URL(address);
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const headers = username === '' ? {} : { authorization: `Basic ${credentials.toString('base64')}` };
  const ask = (method: string, path: string) =>
    fetch(`${origin}/v3/${path}`, {
      method,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });

  let ended = 0;
  for (const list of LISTS) {
    const denied: string[] = [];
    for (let index = 0, pages = 1; index < pages; index++) {
      const response = await ask('GET', `${list}/list?itemsPerPage=${PER_PAGE}&page=${index}`);
      if (response.status === 404) break;
      if (!response.ok) throw new Error(`${list}/list answered ${response.status}`);
      const { pageCount, items } = v.parse(page, await response.json());
      pages = pageCount;
      const isDenied = ({ user, query }: (typeof items)[number]): boolean =>
        subjects.has(user) || tokensIn(query).some(holds);
      denied.push(...items.filter(isDenied).map(({ id }) => id));
    }
    for (const id of denied) {
      const response = await ask('POST', `${list}/kick/${encodeURIComponent(id)}`);
      // 404: it has left by itself.
      if (response.ok) ended += 1;
      else if (response.status !== 404) throw new Error(`${list}/kick answered ${response.status}`);
    }
  }
  return ended;
};

/** Tokens in an address, under the names that MediaMTX reads. */
function tokensIn(query: string): readonly string[] {
  const parameters = new URLSearchParams(query);
  return ['token', 'jwt'].flatMap((name) => parameters.getAll(name));
}
