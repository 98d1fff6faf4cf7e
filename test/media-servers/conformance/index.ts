import type * as presets from '../../../lib/media-servers/index.ts';
import { antmediaServer } from './antmedia.ts';
import { catServer } from './cat.ts';
import { jitsiServer } from './jitsi.ts';
import { livekitServer } from './livekit.ts';
import { mediamtxServer } from './mediamtx.ts';
import { moqRelayServer } from './moq-relay.ts';
import { moqxServer } from './moqx.ts';
import { red5Server } from './red5.ts';
import { rtcstatsServer } from './rtcstats.ts';
import type { ConformingServer } from './server.ts';

/** The servers that the suite goes through: each kind in `lib/media-servers/index.ts` has a row, or this does not compile. */
export const conformingServers: Readonly<Record<keyof typeof presets, ConformingServer>> = {
  antmedia: antmediaServer,
  cat: catServer,
  jitsi: jitsiServer,
  livekit: livekitServer,
  mediamtx: mediamtxServer,
  moqRelay: moqRelayServer,
  moqx: moqxServer,
  red5: red5Server,
  rtcstats: rtcstatsServer,
};
