/** A drawn picture with a running clock, as a stream of 30 pictures a second, until the signal aborts. */
export function startTestPicture(canvas: HTMLCanvasElement, signal: AbortSignal): MediaStream {
  const drawing = canvas.getContext('2d');
  const { width, height } = canvas;
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
  };
  draw();
  const timer = setInterval(draw, 33);
  const stream = canvas.captureStream(30);
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
  });
  return stream;
}
