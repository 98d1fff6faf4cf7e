import { jitsiRules } from '../../../local/media-servers/rules/jitsi.ts';
import { jitsi } from '../../../lib/media-servers/index.ts';
import type { ConformingServer } from './server.ts';

/** To join on a server of another domain that holds the same secret. */
const ELSEWHERE = 'join elsewhere';

/** Jitsi Meet, by the rules that the local nodes go by. */
export const jitsiServer: ConformingServer = {
  target: jitsi({ appId: 'streampass', domain: 'meet.example.com' }),
  powers: [ELSEWHERE],
  longest: 680,
  decide(token, [held], now) {
    const server = {
      secret: held?.secret ?? '',
      domain: 'meet.example.com',
      acceptedIssuers: ['streampass'],
      acceptedAudiences: ['jitsi'],
      signatureAlgorithm: 'HS256',
      allowEmptyToken: false,
      verifyDomain: true,
      requireRoomClaim: true,
    };
    return (attempt) => {
      const isElsewhere = attempt.action === ELSEWHERE;
      const at = isElsewhere ? { ...server, domain: 'other.example.com' } : server;
      const tried = isElsewhere ? { ...attempt, action: 'join' } : attempt;
      return jitsiRules.decide(token, at, tried, now).accepted;
    };
  },
};
