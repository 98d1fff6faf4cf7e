import { arrow, box, label, picture, type Point } from './svg.ts';

const WIDTH = 120;
const HEIGHT = 44;

/** Where each state stands: its top left corner. */
const PLACES = {
  idle: [20, 40],
  pending: [330, 40],
  ready: [660, 40],
  failed: [110, 220],
  waiting: [330, 220],
  expired: [660, 220],
  closed: [330, 320],
} as const satisfies Record<string, Point>;

type State = keyof typeof PLACES;

/** How one state becomes another: the line, and its words. */
export const TRANSITIONS: readonly {
  readonly from: State;
  readonly to: State;
  readonly line: readonly Point[];
  readonly words: readonly [Point, string, 'start' | 'middle' | 'end'];
}[] = [
  {
    from: 'idle',
    to: 'pending',
    line: [
      [140, 62],
      [326, 62],
    ],
    words: [[233, 54], 'first call', 'middle'],
  },
  {
    from: 'pending',
    to: 'ready',
    line: [
      [450, 62],
      [656, 62],
    ],
    words: [[553, 54], 'a token', 'middle'],
  },
  {
    from: 'pending',
    to: 'waiting',
    line: [
      [410, 84],
      [410, 216],
    ],
    words: [[418, 140], 'failed for now', 'start'],
  },
  {
    from: 'waiting',
    to: 'pending',
    line: [
      [378, 220],
      [378, 88],
    ],
    words: [[370, 140], 'after the pause', 'end'],
  },
  {
    from: 'pending',
    to: 'failed',
    line: [
      [330, 72],
      [160, 72],
      [160, 216],
    ],
    words: [[168, 140], 'failed for good', 'start'],
  },
  {
    from: 'failed',
    to: 'pending',
    line: [
      [230, 242],
      [268, 242],
      [268, 80],
      [326, 80],
    ],
    words: [[260, 190], 'next call', 'end'],
  },
  {
    from: 'ready',
    to: 'ready',
    line: [
      [780, 52],
      [830, 52],
      [830, 74],
      [784, 74],
    ],
    words: [[836, 67], 'renewed', 'start'],
  },
  {
    from: 'ready',
    to: 'expired',
    line: [
      [720, 84],
      [720, 216],
    ],
    words: [[728, 140], 'the token’s end', 'start'],
  },
  {
    from: 'expired',
    to: 'pending',
    line: [
      [660, 242],
      [560, 242],
      [560, 78],
      [454, 78],
    ],
    words: [[568, 190], 'next call,', 'start'],
  },
];

/** The states of a StreamPass, for docs/browser.md. */
export function states(): string {
  const boxes = Object.entries(PLACES).map(([state, place]) =>
    box(state === 'ready' ? 'main' : 'box', place, WIDTH, HEIGHT, [state]),
  );
  const lines = TRANSITIONS.flatMap(({ line, words: [place, text, at] }) => [
    arrow(...line),
    label(place, text, { at }),
  ]);
  return picture(900, 384, 'The states of a StreamPass, and what leads from one to another', [
    ...boxes,
    ...lines,
    label([568, 208], 'network, page'),
    label([460, 347], 'from every state, by close()'),
  ]);
}
