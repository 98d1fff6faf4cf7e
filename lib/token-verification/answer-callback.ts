import type { ApiGatewayEvent, ApiGatewayResponse } from '../api-gateway/event.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { Reason } from '../oauth/reasons.ts';
import type { LiveKeys } from '../signing-keys/live-keys.ts';
import { isKnownCaller } from './caller.ts';
import type { Callback } from './callback.ts';
import type { VerifiedToken } from './verify-token.ts';
import type { Verify, Problem } from './verifier.ts';

/** What the callbacks need of the outside. */
export interface CallbackDeps {
  readonly verify: Verify;
  /** The secret that callers show; left out, nobody is answered. */
  readonly callerSecret: LiveKeys | undefined;
}

/** How an answer came about: all that a log line may hold. */
export interface CallbackFacts {
  readonly callback: string;
  /** Why not; absent where the answer was yes, or no question of a token at all. */
  readonly problem?: Problem | Reason | 'caller_unknown';
  /** The token, where it was found good. */
  readonly token?: VerifiedToken;
}

/** Answers at a callback: known caller → token → answer. Whatever happens, the answer is one of that callback's own. */
export async function answerCallback(
  event: ApiGatewayEvent,
  callback: Callback,
  { verify, callerSecret }: CallbackDeps,
): Promise<{ readonly response: ApiGatewayResponse; readonly facts: CallbackFacts }> {
  try {
    const secrets = (await callerSecret?.get())?.keys ?? [];
    if (!isKnownCaller(event, secrets)) {
      return {
        response: callback.unknownCaller,
        facts: { callback: callback.name, problem: 'caller_unknown' },
      };
    }
    const { response, verdict } = await callback.handle(event, verify);
    return {
      response,
      facts: {
        callback: callback.name,
        ...(verdict?.token && { token: verdict.token }),
        ...(verdict?.ok === false && { problem: verdict.problem }),
      },
    };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return {
      response: callback.unavailable(error),
      facts: { callback: callback.name, problem: error.reason },
    };
  }
}
