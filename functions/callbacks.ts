/**
 * The callbacks for servers that ask about a streaming token instead of verifying it: Red5 Pro's round-trip authentication,
 * MediaMTX's HTTP authentication, token introspection. The decision is `lib/token-verification/`; this wires it.
 */

import { createVerifierService } from './wiring/verifier.ts';
import { describeError, writeLine } from '../lib/node/log.ts';
import { newRandomId, systemNow, within } from '../lib/node/system.ts';
import { streamTableOf } from './wiring/tables.ts';
import { createLiveKeysOf } from './wiring/target-keys.ts';
import { routePathOf, toEvent } from '../lib/api-gateway/event.ts';
import type { ApiGatewayResponse } from '../lib/api-gateway/event.ts';
import { answerCallback } from '../lib/token-verification/answer-callback.ts';
import type { Callback } from '../lib/token-verification/callback.ts';
import { introspection } from '../lib/token-verification/callbacks/introspection.ts';
import { mediamtxAuth } from '../lib/token-verification/callbacks/mediamtx.ts';
import { red5Invalidate, red5Validate } from '../lib/token-verification/callbacks/red5.ts';
import { verificationLine } from '../lib/token-verification/audit.ts';
import { createStreams } from '../lib/token-verification/streams.ts';
import { OAuthError } from '../lib/oauth/oauth-error.ts';
import { configured } from './wiring/configured.ts';

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

/** Answers one event; whatever it holds, in the words of the callback it came to. */
export async function handler(received: unknown): Promise<ApiGatewayResponse> {
  const event = toEvent(received);
  const name = routePathOf(event).split('/').at(-1) ?? '';
  const callback = Object.hasOwn(callbacks, name) ? callbacks[name] : undefined;
  // API Gateway sends no other path here.
  if (callback === undefined) return red5Validate.unknownCaller;
  const requestId = event.requestContext?.requestId;
  try {
    const { response, facts } = await answerCallback(event, callback, deps);
    writeLine(
      verificationLine(facts, {
        requestId,
        sourceIp: event.requestContext?.http?.sourceIp,
        timestampMs: Date.now(),
      }),
    );
    return response;
  } catch (error) {
    writeLine({
      event: 'callback.defect',
      callback: callback.name,
      request_id: requestId,
      ...describeError(error),
    });
    return callback.unavailable(new OAuthError('internal'));
  }
}
