import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { browserEnvironment } from '../src/environment.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Puts a window and a document in place, of which only events and visibility matter. */
function stubPage() {
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
  vi.stubGlobal('document', document);
  return { window, document };
}

test('wakes when the network is back and when the page is shown, not when it is hidden', () => {
  const { window, document } = stubPage();
  const listener = vi.fn<() => void>();
  browserEnvironment.onWake(listener, new AbortController().signal);
  window.dispatchEvent(new Event('online'));
  document.dispatchEvent(new Event('visibilitychange'));
  expect(listener).toHaveBeenCalledTimes(2);
  document.visibilityState = 'hidden';
  document.dispatchEvent(new Event('visibilitychange'));
  expect(listener).toHaveBeenCalledTimes(2);
});

test('hears nothing more once removed', () => {
  const { window, document } = stubPage();
  const listener = vi.fn<() => void>();
  const removal = new AbortController();
  browserEnvironment.onWake(listener, removal.signal);
  removal.abort();
  window.dispatchEvent(new Event('online'));
  document.dispatchEvent(new Event('visibilitychange'));
  expect(listener).not.toHaveBeenCalled();
});

test('a delay longer than a timer can count does not fire at once', () => {
  vi.useFakeTimers();
  const task = vi.fn<() => void>();
  const cancel = browserEnvironment.after(2 ** 40, task);
  vi.advanceTimersByTime(86_400_000);
  expect(task).not.toHaveBeenCalled();
  cancel();
  expect(vi.getTimerCount()).toBe(0);
});

test('a timer that fires before the clock says so waits on, so that the end of a token is never missed', () => {
  vi.useFakeTimers();
  const { now } = performance;
  // Firefox against fingerprinting: the clock moves by 100 ms at a time.
  vi.spyOn(performance, 'now').mockImplementation(() => Math.floor(now.call(performance) / 100) * 100);
  vi.advanceTimersByTime(100);
  const end = performance.now() + 250;
  const firedAt: number[] = [];
  browserEnvironment.after(250, () => firedAt.push(performance.now()));
  vi.advanceTimersByTime(1_000);
  expect(firedAt).toHaveLength(1);
  expect(firedAt[0]).toBeGreaterThanOrEqual(end);
});

test('a time that is over by the clock is over by every sum of it: rounding brings nothing forward', () => {
  vi.useFakeTimers();
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e7, noNaN: true }),
      fc.double({ min: 0, max: 1e5, noNaN: true }),
      fc.double({ min: 1, max: 1e6, noNaN: true }),
      (startedAt, tookMs, dueMs) => {
        let clock = startedAt + tookMs;
        vi.spyOn(performance, 'now').mockImplementation(() => clock);
        const delayMs = dueMs - (clock - startedAt);
        let age = Number.NaN;
        browserEnvironment.after(delayMs, () => (age = clock - startedAt));
        // The clock comes to the end of the delay exactly, and a timer fires just then; the next one comes a little later.
        clock += Math.max(0, delayMs);
        vi.runOnlyPendingTimers();
        clock += 1.1;
        vi.runOnlyPendingTimers();
        expect(age).toBeGreaterThanOrEqual(dueMs);
      },
    ),
  );
});
