/** Hands over each picture of a stream that the browser shows, until the signal aborts. */
export function readPictures(
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
