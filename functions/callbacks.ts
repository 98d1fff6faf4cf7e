/**
 * The callbacks for servers that ask about a streaming token instead of verifying it: Red5 Pro's round-trip authentication,
 * MediaMTX's HTTP authentication, token introspection. The decision is `lib/token-verification/`; this wires it.
 */

import { createVerifierService } from './wiring/verifier.ts';
import { newRandomId, systemNow, within } from '../lib/node/system.ts';
import { streamTableOf } from './wiring/tables.ts';
import { createLiveKeysOf } from './wiring/target-keys.ts';
import { routePathOf } from '../lib/api-gateway/event.ts';
import type { ApiGatewayEvent } from '../lib/api-gateway/event.ts';
import { answerCallback } from '../lib/token-verification/answer-callback.ts';
import type { Callback } from '../lib/token-verification/callback.ts';
import { introspection } from '../lib/token-verification/callbacks/introspection.ts';
import { mediamtxAuth } from '../lib/token-verification/callbacks/mediamtx.ts';
import { red5Invalidate, red5Validate } from '../lib/token-verification/callbacks/red5.ts';
import { verificationLine } from '../lib/token-verification/audit.ts';
import { createStreams } from '../lib/token-verification/streams.ts';
import { configured } from './wiring/configured.ts';
import { httpFunction } from './wiring/http-function.ts';

/** By the last part of the path. */
const callbacks: Readonly<Record<string, Callback>> = {
  validateCredentials: red5Validate,
  invalidateCredentials: red5Invalidate,
  auth: mediamtxAuth,
  introspect: introspection,
};

const loaded = await configured(() => import('../streampass.config.ts'), process.env);
const liveKeysOf = createLiveKeysOf(loaded.config, process.env);
const service = createVerifierService(loaded, process.env, liveKeysOf);
const callerSecretId = process.env['RED5_CALLER_SECRET_ID'];
const callerSecret = callerSecretId
  ? liveKeysOf(callerSecretId, 'HS256', 'callers', { withPrevious: false })
  : undefined;
const streams = createStreams({
  table: streamTableOf(process.env),
  now: systemNow,
  newId: newRandomId,
  within,
});
const deps = { verify: service.verify, streams, callerSecret };

await Promise.allSettled([service.prefetch(), callerSecret?.get()]);

/** The callback that a path names; API Gateway sends no other path here. */
function callbackOf(event: ApiGatewayEvent): Callback | undefined {
  const name = routePathOf(event).split('/').at(-1) ?? '';
  return Object.hasOwn(callbacks, name) ? callbacks[name] : undefined;
}

/** Answers every event, whatever it holds, in the form of the callback that its path names. */
export const handler = httpFunction({
  name: 'callback',
  configured: loaded,
  async answer(event) {
    const callback = callbackOf(event);
    if (callback === undefined) return red5Validate.unknownCaller;
    const { response, facts } = await answerCallback(event, callback, deps);
    return { ...response, audit: (origin) => [verificationLine(facts, origin)] };
  },
  refuse(error, event) {
    const { name, unavailable } = callbackOf(event) ?? red5Validate;
    const facts = { callback: name, problem: error.reason, unavailable: true } as const;
    return { ...unavailable(error), audit: (origin) => [verificationLine(facts, origin)] };
  },
});
