/** The days of a push window, as `Intl` abbreviates them in English. */
export const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
/** One of {@link WEEKDAYS}. */
export type Weekday = (typeof WEEKDAYS)[number];

/** When servers may be restarted: on these days, between two times of day, in a time zone. */
export interface PushWindow {
  readonly days: readonly Weekday[];
  /** `HH:MM`, included. */
  readonly from: string;
  /** `HH:MM`, excluded; before `from`, the window ends on the day after; `24:00` is midnight. */
  readonly to: string;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
}

const MINUTE = 60;
/**
 * Every time zone's offset is a multiple of this, in seconds. So a window can open only at one minute of each quarter of an
 * hour.
 */
const QUARTER = 15 * MINUTE;
/** More than a week, so that every day of the window is tried. */
const HORIZON = 9 * 86_400;

/** Whether the window is open. @param now epoch seconds */
export function isOpen(window: PushWindow, now: number): boolean {
  const { weekday, minute } = localTime(window.timeZone, now);
  const [from, to] = [minuteOf(window.from), minuteOf(window.to)];
  const days: readonly string[] = window.days;
  const yesterday = WEEKDAYS[(WEEKDAYS.indexOf(weekday) + 6) % 7] ?? weekday;
  if (from < to) return days.includes(weekday) && minute >= from && minute < to;
  return (
    from > to && ((days.includes(weekday) && minute >= from) || (days.includes(yesterday) && minute < to))
  );
}

/** The first time at or after `now` that the window is open, epoch seconds; `undefined` if it never opens. */
export function opensAt(window: PushWindow, now: number): number | undefined {
  if (isOpen(window, now)) return now;
  const offset = (minuteOf(window.from) * MINUTE) % QUARTER;
  const first = Math.ceil((now - offset) / QUARTER) * QUARTER + offset;
  for (let at = first; at < now + HORIZON; at += QUARTER) if (isOpen(window, at)) return at;
  return undefined;
}

function minuteOf(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The day and the minute of the day in a time zone. */
function localTime(timeZone: string, now: number): { weekday: Weekday; minute: number } {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(now * 1000).map(({ type, value }) => [type, value]));
  return {
    weekday: (parts.get('weekday') ?? 'Mon') as Weekday,
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  };
}
