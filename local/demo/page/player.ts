import { byId, setText } from './dom.ts';
import { PICTURE, readNumber } from './numbered-picture.ts';
import { createPictureQueue } from './picture-queue.ts';
import { readPictures } from './read-pictures.ts';

/** A viewer: draws what several sessions bring, and counts the pictures that were shown and those that no session brought. */
export interface Player {
  /** Begins to count. */
  readonly reset: () => void;
  /** Takes the pictures of one more session until it is over. */
  readonly play: (session: { readonly stream: MediaStream; readonly closed: Promise<void> }) => void;
}

/** The player of this number, 1 or 2, with nothing to play yet. */
export function createPlayer(number: number): Player {
  const screen = byId<HTMLCanvasElement>(`video-${number}`).getContext('2d');
  const count = { frames: 0, lost: 0 };
  const showCount = (): void => {
    setText(byId(`video-${number}-frames`), String(count.frames));
    setText(byId(`video-${number}-lost`), String(count.lost));
  };
  const queue = createPictureQueue<ImageBitmap>(
    (picture) => {
      screen?.drawImage(picture, 0, 0);
      count.frames++;
      showCount();
    },
    (lost) => {
      count.lost += lost;
    },
  );
  // A page that nobody looks at gets no pictures.
  document.addEventListener('visibilitychange', queue.restart);

  return {
    reset() {
      queue.restart();
      Object.assign(count, { frames: 0, lost: 0 });
      showCount();
    },

    play({ stream, closed }) {
      const canvas = new OffscreenCanvas(PICTURE.width, PICTURE.height);
      const drawing = canvas.getContext('2d', { willReadFrequently: true });
      const over = new AbortController();
      void closed.then(() => over.abort());
      readPictures(stream, over.signal, (picture) => {
        if (drawing === null) return;
        drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
        queue.take(readNumber(drawing), canvas.transferToImageBitmap(), performance.now());
      });
    },
  };
}
