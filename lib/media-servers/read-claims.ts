import { ROOM_NAME } from '../policy/room.ts';

/** A claim that is a text and not empty; `undefined` where it is anything else. */
export function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * The rooms that a claim names, each a legal name; `undefined` where one is not.
 *
 * @param separator stands between them; left out, the claim is one room
 */
export function readRooms(value: unknown, separator?: string): readonly string[] | undefined {
  const text = readText(value);
  const rooms = separator === undefined ? text && [text] : text?.split(separator);
  return rooms && rooms.every((room) => ROOM_NAME.test(room)) ? rooms : undefined;
}
