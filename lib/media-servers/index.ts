/** The table of targets: each kind of media server has one folder beside this file, and one line here. */
export { antmedia } from './antmedia/claims.ts';
export { cat } from './cat/claims.ts';
export { jitsi } from './jitsi/claims.ts';
export { livekit } from './livekit/claims.ts';
export { mediamtx } from './mediamtx/claims.ts';
export { moqRelay } from './moq-relay/claims.ts';
export { moqx } from './moqx/claims.ts';
export { red5 } from './red5/claims.ts';
export { rtcstats } from './rtcstats/claims.ts';
