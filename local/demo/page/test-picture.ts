import { PICTURE, writeNumber } from './numbered-picture.ts';

const EVERY_MS = 66;

let number = 0;

/** A drawn picture with a running clock and a number, as a stream of 15 pictures a second, until the signal aborts. */
export function startTestPicture(canvas: HTMLCanvasElement, signal: AbortSignal): MediaStream {
  const drawing = canvas.getContext('2d');
  const { width, height } = PICTURE;
  // Each picture that is drawn is sent, and none twice.
  const stream = canvas.captureStream(0);
  const [track] = stream.getVideoTracks();
  const draw = (): void => {
    if (drawing === null) return;
    const now = new Date();
    drawing.fillStyle = `hsl(${(now.getTime() / 50) % 360} 45% 32%)`;
    drawing.fillRect(0, 0, width, height);
    drawing.fillStyle = '#fff';
    drawing.font = `600 ${height / 5}px ui-monospace, monospace`;
    drawing.textAlign = 'center';
    drawing.fillText(now.toISOString().slice(11, 22), width / 2, height / 1.8);
    drawing.fillRect(0, height - 8, ((now.getTime() % 1000) / 1000) * width, 8);
    number = (number + 1) % 2 ** 16;
    writeNumber(drawing, number);
    (track as CanvasCaptureMediaStreamTrack | undefined)?.requestFrame();
  };
  draw();
  let isDue = false;
  const timer = setInterval(() => {
    // The browser takes one picture off the canvas each time that it shows the page: of two drawn meanwhile, one is never sent.
    if (document.hidden) draw();
    else if (!isDue) {
      isDue = true;
      requestAnimationFrame(() => {
        isDue = false;
        if (!signal.aborted) draw();
      });
    }
  }, EVERY_MS);
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    track?.stop();
  });
  return stream;
}
