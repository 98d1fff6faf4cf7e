import { WrongCall } from '../command-line.ts';

const SECONDS = { m: 60, h: 3600, d: 86_400 } as const;

/**
 * When a denial ends, epoch seconds: a time in ISO 8601 with its zone, or how long from `now`, such as `90m`, `24h` or `7d`.
 *
 * @throws {WrongCall} it is neither, or it is in the past
 */
export function parseUntil(text: string, now: number): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const until =
    count === undefined
      ? isTime
        ? Date.parse(text) / 1000
        : Number.NaN
      : Math.ceil(now) + Number(count) * SECONDS[unit as keyof typeof SECONDS];
  if (!Number.isFinite(until)) {
    throw new WrongCall('--until must be a time such as 2030-12-31T18:00:00Z, or 90m, 24h or 7d');
  }
  if (until <= now) throw new WrongCall('--until is in the past');
  return Math.floor(until);
}
