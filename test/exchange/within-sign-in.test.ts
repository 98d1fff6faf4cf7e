import { expect, test } from 'vitest';
import { rtcstats } from '../../lib/config/index.ts';
import { exchange } from '../../lib/exchange/exchange.ts';
import { indexRules } from '../../lib/policy/match-rules.ts';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { TOKEN_EXCHANGE_GRANT } from '../../lib/oauth/token-exchange.ts';
import { configOf } from '../support/config.ts';

const ASKED = 1_900_000_000;
const SIGN_IN_ENDS = ASKED + 600;

const config = configOf({
  issuers: [],
  targets: { rtcstats: rtcstats({ secret: 'streampass/rtcstats' }) },
  grants: [{ target: 'rtcstats', actions: ['report'], rooms: ['*'], ttl: 3600, withinSignIn: true }],
});

test.each([0, 0.5, 2.9])(
  'a token within the sign-in ends with it, when its ring takes %d s',
  async (seconds) => {
    let now = ASKED;
    const outcome = await exchange(
      {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          grant_type: TOKEN_EXCHANGE_GRANT,
          subject_token: 'any',
          subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
          audience: 'rtcstats',
        }).toString(),
      },
      {
        config,
        rules: indexRules(config.grants, config.targets, config.timing.clockSkew),
        identify: async () => ({
          issuer: 'https://id.example',
          subject: 'person-1',
          groups: [],
          claims: {},
          expiresAt: SIGN_IN_ENDS,
        }),
        admit: async () => {},
        ringOf: () => ({
          async get() {
            now += seconds;
            return { current: { alg: 'HS256', kid: '1', key: hmacKey('s'.repeat(43)) }, readAt: now };
          },
        }),
        now: () => now,
        newId: () => 'id-1',
      },
    );
    if (!outcome.issued) throw outcome.error;
    expect(decodeCompactJws(outcome.response.access_token)?.claims['exp']).toBe(SIGN_IN_ENDS);
  },
);
