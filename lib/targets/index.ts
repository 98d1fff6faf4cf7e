/** The table of targets: each kind of media server is one file beside this one, and one line here. */
export { jitsi } from './jitsi.ts';
export { livekit } from './livekit.ts';
export { mediamtx } from './mediamtx.ts';
export { red5 } from './red5.ts';
export { rtcstats } from './rtcstats.ts';
