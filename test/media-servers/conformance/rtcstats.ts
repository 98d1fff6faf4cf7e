import { rtcstatsRules } from '../../../local/media-servers/rules/rtcstats.ts';
import { rtcstats } from '../../../lib/media-servers/index.ts';
import type { ConformingServer } from './server.ts';

/** rtcstats-server, by the rules that the local nodes go by. */
export const rtcstatsServer: ConformingServer = {
  target: rtcstats({}),
  ignoresRooms: true,
  longest: 420,
  decide:
    (token, [held], now) =>
    (attempt) =>
      rtcstatsRules.decide(token, { secret: held?.secret ?? '' }, attempt, now).accepted,
};
