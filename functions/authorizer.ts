/** A Lambda authorizer for your own APIs that accept streaming tokens. The decision is `lib/token-verification/`; this wires it. */

import { createVerifierService } from './wiring/verifier.ts';
import { writeLine } from '../lib/node/log.ts';
import { systemNow } from '../lib/node/system.ts';
import { createLiveKeysOf } from './wiring/target-keys.ts';
import { authorize } from '../lib/token-verification/authorizer.ts';
import { sourceIpOf } from '../lib/token-verification/authorizer-event.ts';
import type { AuthorizerDeps } from '../lib/token-verification/authorizer.ts';
import type {
  AuthorizerEvent,
  PolicyResponse,
  SimpleResponse,
} from '../lib/token-verification/authorizer-event.ts';
import { verificationLine } from '../lib/token-verification/audit.ts';
import { configured } from './wiring/configured.ts';

const loaded = await configured(() => import('../streampass.config.ts'), process.env);
const service = createVerifierService(loaded, process.env, createLiveKeysOf(loaded.config, process.env));
const names = process.env['AUTHORIZER_TARGETS'] || undefined;
const cacheSeconds = Number(process.env['AUTHORIZER_CACHE_SECONDS'] || 0);
/** The longest time that API Gateway can keep an answer, in seconds: assumed if the variable is not a number. */
const LONGEST_CACHE = 3600;
const deps: AuthorizerDeps = {
  verify: service.verify,
  now: systemNow,
  cacheSeconds: Number.isFinite(cacheSeconds) ? cacheSeconds : LONGEST_CACHE,
  targets: names === undefined ? undefined : new Set(names.split(/[ ,]+/)),
};

await service.prefetch();

/**
 * Answers one question of API Gateway.
 *
 * @throws {Error} no decision is possible now: API Gateway then refuses the request and keeps no answer
 */
export async function handler(received: unknown): Promise<SimpleResponse | PolicyResponse> {
  const event: AuthorizerEvent = typeof received === 'object' && received !== null ? received : {};
  const { response, facts } = await authorize(event, deps);
  writeLine(
    verificationLine(facts, {
      requestId: event.requestContext?.requestId,
      sourceIp: sourceIpOf(event),
      timestampMs: Date.now(),
    }),
  );
  if (response === undefined) throw new Error(`no decision: ${facts.problem}`);
  return response;
}
