import { byId, element, setChildren } from './dom.ts';

/** What signs both tokens and what each node holds, over the last minutes: a lane each. */
export interface Lanes {
  /** Notes what each lane has now, by its name: a version's `kid`, or nothing. */
  readonly note: (lanes: ReadonlyMap<string, string | undefined>) => void;
  readonly clear: () => void;
}

interface Span {
  readonly kid: string | undefined;
  readonly from: number;
  to: number;
}

const WINDOW_MS = 240_000;

/** @param toneOf the colour of a secret's version, by its `kid` */
export function createLanes(toneOf: (kid: string) => string): Lanes {
  const region = byId('lanes');
  let spans = new Map<string, readonly Span[]>();

  const draw = (now: number): void => {
    const from = Math.min(now - 1, ...[...spans.values()].map(([first]) => first?.from ?? now));
    const place = (at: number): number => (100 * (Math.max(at, from) - from)) / (now - from);
    const rows = [...spans].map(([name, lane]) => {
      const bars = lane
        .filter(({ kid }) => kid !== undefined)
        .map(({ kid = '', from: begin, to }) => {
          const bar = element('span', toneOf(kid), kid);
          bar.style.left = `${place(begin).toFixed(1)}%`;
          bar.style.width = `${(place(to) - place(begin)).toFixed(1)}%`;
          return bar;
        });
      return element('li', '', element('span', 'lane', name), element('div', 'track', ...bars));
    });
    setChildren(region, rows);
  };

  return {
    note(lanes) {
      const now = Date.now();
      for (const [name, kid] of lanes) {
        const lane = (spans.get(name) ?? []).filter(({ to }) => to > now - WINDOW_MS);
        const last = lane.at(-1);
        if (last !== undefined) last.to = now;
        spans.set(
          name,
          last?.kid === kid && last !== undefined ? lane : [...lane, { kid, from: now, to: now }],
        );
      }
      for (const name of spans.keys()) if (!lanes.has(name)) spans.delete(name);
      draw(now);
    },
    clear() {
      spans = new Map();
      region.replaceChildren();
    },
  };
}
