import { ROOM_NAME } from '../policy/room.ts';

/** A claim that is a string and not empty; `undefined` if it is not. */
export function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * The rooms that a claim names; `undefined` if one of them is not a legal name.
 *
 * @param separator between the names · default: the claim is one room
 */
export function readRooms(value: unknown, separator?: string): readonly string[] | undefined {
  const text = readText(value);
  const rooms = separator === undefined ? text && [text] : text?.split(separator);
  return rooms && rooms.every((room) => ROOM_NAME.test(room)) ? rooms : undefined;
}
