import type { Config } from '../../lib/config/config.ts';
import type { ExchangeDeps, StreamKeyDeps } from '../../lib/exchange/exchange.ts';
import { indexStreamKeyRules } from '../../lib/exchange/make-stream-key.ts';
import { identify } from '../../lib/identity/identify.ts';
import { createVerifiedTokens } from '../../lib/identity/verified-tokens.ts';
import { newRandomId, systemNow } from '../../lib/node/system.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';
import { indexRules } from '../../lib/policy/match-rules.ts';
import { verifyStreamKey } from '../../lib/stream-keys/stream-key.ts';
import { STREAM_KEYS } from '../../lib/config/stream-keys.ts';
import type { Service } from './service.ts';
import { createLiveKeysOf } from './target-keys.ts';

/** The memory for verified subject tokens, in bytes: enough for some 2,800 of the usual size. */
const VERIFIED_TOKENS = 24 * 1024 * 1024;

/** A key that was revoked by an emergency rotation stops working within this many seconds. */
const FRESH_WITHIN = 60;

/** The dependencies that all functions that exchange tokens share. */
export function createExchangeDeps(
  config: Config,
  service: Service,
  env: Readonly<Record<string, string | undefined>>,
): ExchangeDeps {
  const identifyDeps = {
    issuers: service.issuers,
    verified: createVerifiedTokens(VERIFIED_TOKENS),
    now: systemNow,
    clockSkew: config.timing.clockSkew,
  };
  const streamKeys = streamKeyDeps(config, service, env);
  return {
    config,
    rules: indexRules(config.grants, config.targets, config.timing.clockSkew),
    identify: (subjectToken, type) => identify(subjectToken, type, identifyDeps),
    admit: service.admission.admit,
    ringOf: service.ringOf,
    ...(streamKeys && { streamKeys }),
    now: systemNow,
    newId: newRandomId,
  };
}

function streamKeyDeps(
  config: Config,
  service: Service,
  env: Readonly<Record<string, string | undefined>>,
): StreamKeyDeps | undefined {
  if (config.streamKeys === undefined) return undefined;
  const keys = createLiveKeysOf(config, env)(config.streamKeys.secret, 'HS256', STREAM_KEYS);
  return {
    rules: indexStreamKeyRules(config.grants, config.targets, config.timing.clockSkew),
    ring: service.ringOf(STREAM_KEYS),
    async read(text) {
      const key = await verifyStreamKey(text, (await keys.get(FRESH_WITHIN)).keys, systemNow());
      if (key === undefined) throw new OAuthError('stream_key_invalid');
      return key;
    },
  };
}
