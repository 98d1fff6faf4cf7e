import { Buffer } from 'node:buffer';
import type { Input } from './input.ts';
import { optionalInteger, optionalText } from './input.ts';
import { ServiceError } from './service-error.ts';

/** One page of a list, and the token of the next where there is more. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextToken?: string;
}

/**
 * Cuts the page that `MaxResults` and `NextToken` ask for out of a list whose order is stable. A token names
 * the last item that was sent, so an item added or removed between two calls is not sent twice or skipped.
 *
 * @throws {ServiceError} InvalidNextTokenException: not a token of ours, or the item it names is gone
 */
export function pageOf<Item>(
  items: readonly Item[],
  input: Input,
  { idOf, maxResults }: { idOf: (item: Item) => string; maxResults: number },
): Page<Item> {
  const size = optionalInteger(input, 'MaxResults', 1, maxResults) ?? maxResults;
  const token = optionalText(input, 'NextToken', 1, 4096);
  const start = token === undefined ? 0 : indexAfter(items.map(idOf), token);
  const page = items.slice(start, start + size);
  const last = page.at(-1);
  if (last === undefined || start + size >= items.length) return { items: page };
  return { items: page, nextToken: Buffer.from(idOf(last)).toString('base64url') };
}

function indexAfter(ids: readonly string[], token: string): number {
  const index = ids.indexOf(Buffer.from(token, 'base64url').toString());
  if (index < 0) throw new ServiceError('InvalidNextTokenException', 'The NextToken value is invalid.');
  return index + 1;
}
