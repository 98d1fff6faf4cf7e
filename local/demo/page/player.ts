import { byId, setText } from './dom.ts';
import { PICTURE, readNumber } from './numbered-picture.ts';
import { createPictureQueue } from './picture-queue.ts';

/** A viewer: draws what several sessions bring, and counts the pictures that were shown and those that no session brought. */
export interface Player {
  /** Begins to count. */
  readonly reset: () => void;
  /** Takes the pictures of one more session until it is over. @param end ends it: its node sends nothing any more */
  readonly play: (
    session: { readonly stream: MediaStream; readonly closed: Promise<void> },
    end: () => void,
  ) => void;
}

/** A session that brought no new picture for so long is on a node that restarted, in milliseconds. */
const STALL_MS = 700;
const LOOK_MS = 100;

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

    play({ stream, closed }, end) {
      const video = document.createElement('video');
      video.muted = true;
      video.srcObject = stream;
      void video.play().catch(() => undefined);
      const canvas = new OffscreenCanvas(PICTURE.width, PICTURE.height);
      const drawing = canvas.getContext('2d', { willReadFrequently: true });
      let lastAt: number | undefined;
      const onFrame = (now: number): void => {
        if (drawing === null || video.srcObject === null) return;
        lastAt = now;
        drawing.drawImage(video, 0, 0, canvas.width, canvas.height);
        queue.take(readNumber(drawing), canvas.transferToImageBitmap(), now);
        video.requestVideoFrameCallback(onFrame);
      };
      video.requestVideoFrameCallback(onFrame);
      const look = setInterval(() => {
        if (document.hidden) lastAt = undefined;
        if (lastAt !== undefined && performance.now() - lastAt > STALL_MS) end();
      }, LOOK_MS);
      void closed.then(() => {
        clearInterval(look);
        video.srcObject = null;
      });
    },
  };
}
