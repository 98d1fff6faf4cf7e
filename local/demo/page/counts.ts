import { byId, setText } from './dom.ts';
import type { Outcome } from './viewers.ts';

const shown = ['first', 'fallback', 'fresh', 'rejected'] as const;
type Shown = (typeof shown)[number];

const stripSeconds = 120;
const svg = 'http://www.w3.org/2000/svg';

/** The live counts, and the strip of connections a second. */
export interface Counts {
  readonly add: (outcome: Outcome) => void;
  readonly reset: () => void;
  readonly total: () => Readonly<Record<Shown, number>>;
  /** Once a second: moves the strip on. */
  readonly tick: () => void;
}

/** Counts that begin at zero. */
export function createCounts(): Counts {
  let totals = none();
  let seconds: Record<Shown, number>[] = [];
  const strip = byId<SVGSVGElement>('strip');

  const draw = (): void => {
    const highest = Math.max(4, ...seconds.map((second) => sum(second)));
    strip.setAttribute('viewBox', `0 0 ${stripSeconds} ${highest}`);
    const first = stripSeconds - seconds.length;
    const bars = seconds.flatMap((second, index) => {
      let top = highest;
      return shown.flatMap((outcome) => {
        if (second[outcome] === 0) return [];
        top -= second[outcome];
        const bar = document.createElementNS(svg, 'rect');
        const place = { x: first + index, y: top, width: 0.8, height: second[outcome] };
        for (const [name, value] of Object.entries(place)) bar.setAttribute(name, String(value));
        bar.setAttribute('class', outcome);
        return [bar];
      });
    });
    strip.replaceChildren(...bars);
  };

  const show = (): void => {
    for (const outcome of shown) setText(byId(`count-${outcome}`), String(totals[outcome]));
  };

  return {
    add(outcome) {
      if (outcome === 'unavailable') return;
      totals[outcome]++;
      const second = seconds.at(-1);
      if (second !== undefined) second[outcome]++;
      show();
    },
    reset() {
      totals = none();
      seconds = [none()];
      show();
      draw();
    },
    total: () => totals,
    tick() {
      seconds = [...seconds, none()].slice(-stripSeconds);
      draw();
    },
  };
}

function none(): Record<Shown, number> {
  return { first: 0, fallback: 0, fresh: 0, rejected: 0 };
}

function sum(second: Readonly<Record<Shown, number>>): number {
  return shown.reduce((total, outcome) => total + second[outcome], 0);
}
