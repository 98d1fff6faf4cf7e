// A page with the entries for media servers, for a test to use.
import { Room } from 'livekit-client';
import * as connect from '../../src/connect.ts';
import * as core from '../../src/index.ts';
import * as livekit from '../../src/livekit.ts';
import * as rtcstats from '../../src/rtcstats.ts';
import * as whep from '../../src/whep.ts';

/** A stream of a drawn clock: no camera is asked for. */
function drawClock(): MediaStream {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  setInterval(() => {
    context?.clearRect(0, 0, 300, 150);
    context?.fillText(new Date().toISOString(), 10, 50);
  }, 40);
  return canvas.captureStream(25);
}

/** Frames that came so far. */
async function framesOf({ peer }: whep.WebRtcSession): Promise<number> {
  let frames = 0;
  for (const report of (await peer.getStats()).values() as Iterable<{ framesDecoded?: number }>) {
    frames += report.framesDecoded ?? 0;
  }
  return frames;
}

const page = { ...core, ...connect, ...livekit, ...rtcstats, ...whep, Room, drawClock, framesOf };

/** What {@link page} has. */
export type ServersPage = typeof page;

Object.assign(globalThis, { page });
