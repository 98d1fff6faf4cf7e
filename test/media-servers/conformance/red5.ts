import { red5Rules } from '../../../local/media-servers/rules/red5.ts';
import { red5 } from '../../../lib/media-servers/index.ts';
import type { ConformingServer } from './server.ts';

/** Red5 Pro, by the rules that the local nodes go by. */
export const red5Server: ConformingServer = {
  target: red5({ issuer: 'streampass' }),
  longest: 530,
  decide(token, [held], now) {
    const server = {
      secret: held?.secret ?? '',
      active: true,
      open: new Set<string>(),
      ttlMinutes: 60,
      issuer: 'streampass',
    };
    return (attempt) => red5Rules.decide(token, server, attempt, now).accepted;
  },
};
