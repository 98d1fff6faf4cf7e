import { ahead } from './numbered-picture.ts';

/** Puts the numbered pictures of several sessions into one row: each is shown once, whichever session brings it first. */
export interface PictureQueue<Picture> {
  /** @param now in milliseconds */
  readonly take: (number: number, picture: Picture, now: number) => void;
  /** What comes next is the first picture. */
  readonly restart: () => void;
}

/** How long a picture waits for those before it, which the other session may still bring, in milliseconds. */
const HOLD_MS = 200;
/** After so long without a picture what comes is another broadcast, in milliseconds. */
const OVER_MS = 5000;

/** @param lose told how many pictures came by no session */
export function createPictureQueue<Picture>(
  show: (picture: Picture) => void,
  lose: (count: number) => void,
): PictureQueue<Picture> {
  let last: { readonly number: number; readonly at: number } | undefined;
  const waiting = new Map<number, { readonly picture: Picture; readonly since: number }>();

  /** The picture that waits for the fewest others. */
  const next = (after: number): number | undefined =>
    [...waiting.keys()].toSorted((one, other) => ahead(after, one) - ahead(after, other))[0];

  const restart = (): void => {
    last = undefined;
    waiting.clear();
  };

  return {
    restart,
    take(number, picture, now) {
      if (last !== undefined && now - last.at > OVER_MS) restart();
      if (last !== undefined && ahead(last.number, number) <= 0) return;
      waiting.set(number, { picture, since: waiting.get(number)?.since ?? now });
      for (;;) {
        const first = next(last?.number ?? number);
        const held = first === undefined ? undefined : waiting.get(first);
        if (first === undefined || held === undefined) return;
        const missing = last === undefined ? 0 : ahead(last.number, first) - 1;
        if (missing > 0 && now - held.since < HOLD_MS) return;
        if (missing > 0) lose(missing);
        waiting.delete(first);
        last = { number: first, at: now };
        show(held.picture);
      }
    },
  };
}
