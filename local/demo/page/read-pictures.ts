/** Of Chromium: each picture of a track, also of those that come while the page is busy. */
type TrackProcessor = new (from: { readonly track: MediaStreamTrack; readonly maxBufferSize: number }) => {
  readonly readable: ReadableStream<VideoFrame>;
};

/** Pictures that wait for a page that is busy. */
const MOST_WAITING = 30;

/**
 * Hands over each picture of a stream until the signal aborts. A browser without a track processor leaves pictures out while
 * the page is busy.
 */
export function readPictures(
  stream: MediaStream,
  signal: AbortSignal,
  take: (picture: CanvasImageSource) => void,
): void {
  const { MediaStreamTrackProcessor: Processor } = globalThis as {
    readonly MediaStreamTrackProcessor?: TrackProcessor;
  };
  const [track] = stream.getVideoTracks();
  if (Processor === undefined || track === undefined) {
    readFromElement(stream, signal, take);
    return;
  }
  // A track of its own, whose end ends the reading: a reader that is cancelled leaves waiting pictures unclosed.
  const own = track.clone();
  signal.addEventListener('abort', () => own.stop());
  void readFrom(new Processor({ track: own, maxBufferSize: MOST_WAITING }).readable, signal, take);
}

async function readFrom(
  pictures: ReadableStream<VideoFrame>,
  signal: AbortSignal,
  take: (picture: CanvasImageSource) => void,
): Promise<void> {
  const reader = pictures.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    if (!signal.aborted) take(value);
    value.close();
  }
}

function readFromElement(
  stream: MediaStream,
  signal: AbortSignal,
  take: (picture: CanvasImageSource) => void,
): void {
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = stream;
  void video.play().catch(() => undefined);
  const onFrame = (): void => {
    if (signal.aborted) return;
    take(video);
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
  signal.addEventListener('abort', () => {
    video.srcObject = null;
  });
}
