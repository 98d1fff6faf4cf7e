import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOpen, opensAt, WEEKDAYS, type PushWindow } from '../../lib/rotation/window.ts';

const at = (iso: string): number => Date.parse(iso) / 1000;
const office: PushWindow = {
  days: ['Tue', 'Wed', 'Thu'],
  from: '09:00',
  to: '16:00',
  timeZone: 'Europe/Berlin',
};
const night: PushWindow = { days: ['Fri'], from: '22:00', to: '04:00', timeZone: 'America/New_York' };
const atGap: PushWindow = { days: ['Sun'], from: '02:30', to: '05:00', timeZone: 'Europe/Berlin' };

test.each([
  ['a minute before it', office, '2026-11-24T07:59:00Z', false],
  ['when it begins, in winter', office, '2026-11-24T08:00:00Z', true],
  ['when it begins, in summer', office, '2026-07-07T07:00:00Z', true],
  ['in its last minute', office, '2026-11-24T14:59:59Z', true],
  ['when it ends', office, '2026-11-24T15:00:00Z', false],
  ['on another day', office, '2026-11-27T10:00:00Z', false],
  ['over midnight, on its evening', night, '2026-11-28T03:30:00Z', true],
  ['over midnight, on the morning after', night, '2026-11-28T08:30:00Z', true],
  ['over midnight, after its end', night, '2026-11-28T09:00:00Z', false],
  ['over midnight, on the morning before', night, '2026-11-27T06:00:00Z', false],
] as const)('a window is open or closed %s', (_, window, time, open) => {
  expect(isOpen(window, at(time))).toBe(open);
});

test.each([
  ['at once', office, '2026-11-24T10:00:00Z', '2026-11-24T10:00:00Z'],
  ['on the next day', office, '2026-11-24T16:00:00Z', '2026-11-25T08:00:00Z'],
  ['after the weekend', office, '2026-11-26T15:00:00Z', '2026-12-01T08:00:00Z'],
  ['across the end of summer time', office, '2026-10-23T00:00:00Z', '2026-10-27T08:00:00Z'],
  ['after the hour that the clocks leave out', atGap, '2026-03-29T00:00:00Z', '2026-03-29T01:00:00Z'],
] as const)('a window opens next %s', (_, window, time, opens) => {
  expect(opensAt(window, at(time))).toBe(at(opens));
});

test('a window without days never opens', () => {
  expect(opensAt({ ...office, days: [] }, 0)).toBeUndefined();
});

test('the time at which a window opens next is one at which it is open, and none before it is', () => {
  const twoDigits = (count: number) =>
    fc.integer({ min: 0, max: count - 1 }).map((n) => String(n).padStart(2, '0'));
  const time = fc.tuple(twoDigits(24), twoDigits(60)).map((parts) => parts.join(':'));
  const window = fc
    .record({
      days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
      from: time,
      to: time,
      timeZone: fc.constantFrom(
        'UTC',
        'Europe/Berlin',
        'Asia/Kathmandu',
        'Pacific/Chatham',
        'America/St_Johns',
      ),
    })
    .filter(({ from, to }) => from !== to);
  fc.assert(
    fc.property(
      window,
      fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') }),
      (window, now) => {
        const opens = opensAt(window, now) ?? 0;
        expect(isOpen(window, opens)).toBe(true);
        for (let before = now; before < opens; before += (opens - now) / 16)
          expect(isOpen(window, before)).toBe(false);
      },
    ),
    { numRuns: 60 },
  );
});
