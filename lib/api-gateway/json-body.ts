import { isUtf8 } from 'node:buffer';
import { parseJsonObject } from '../jws/compact.ts';
import type { JsonObject } from '../jws/compact.ts';
import { bodyOf } from './event.ts';
import type { ApiGatewayEvent } from './event.ts';

const MAX_BODY_BYTES = 65_536;

/**
 * The JSON object that a server sent, or `undefined` if the body is not one or is longer than 64 KiB. A body that is not UTF-8 is read as ISO-8859-1: Java's
 * Apache HttpClient sends JSON so unless it is told otherwise. The content type is not checked, because not all servers send one.
 */
export function jsonObjectOf(event: ApiGatewayEvent): JsonObject | undefined {
  const bytes = bodyOf(event, MAX_BODY_BYTES);
  return bytes && parseJsonObject(bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1'));
}
