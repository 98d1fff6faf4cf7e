import type { ApiGatewayEvent, ApiGatewayResponse } from '../api-gateway/event.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import { VERIFIER_FRESH_WITHIN } from '../signing-keys/live-keys.ts';
import type { LiveKeys } from '../signing-keys/live-keys.ts';
import type { VerificationFacts } from './audit.ts';
import { isKnownCaller } from './caller.ts';
import type { Answered, Callback, DecisionDeps } from './callback.ts';

/** The dependencies of the callbacks. */
export interface CallbackDeps extends DecisionDeps {
  /** The secret that callers show: the current version, and the one that is to replace it. Left out, nobody is answered. */
  readonly callerSecret: LiveKeys | undefined;
}

/** Answers at a callback: known caller → token → answer. The answer always has that callback's own form. */
export async function answerCallback(
  event: ApiGatewayEvent,
  callback: Callback,
  deps: CallbackDeps,
): Promise<{ readonly response: ApiGatewayResponse; readonly facts: VerificationFacts }> {
  const { name } = callback;
  try {
    const secrets = (await deps.callerSecret?.get(VERIFIER_FRESH_WITHIN))?.keys ?? [];
    if (!isKnownCaller(event, secrets)) {
      return { response: callback.unknownCaller, facts: { callback: name, problem: 'caller_unknown' } };
    }
    const answered = await callback.handle(event, deps);
    return { response: answered.response, facts: { callback: name, ...factsOf(answered) } };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return {
      response: callback.unavailable(error),
      facts: { callback: name, problem: error.reason, unavailable: true },
    };
  }
}

function factsOf({ verdict, question, ended }: Answered): Omit<VerificationFacts, 'callback'> {
  // A stream may have lasted longer than its token, so its end is not counted as a refusal.
  const isRefused = verdict?.ok === false && !(ended && verdict.token);
  return {
    ...(verdict?.token && { token: verdict.token }),
    ...(isRefused && { problem: verdict.problem }),
    ...(isRefused && verdict.problem === 'cap_unavailable' && { unavailable: true }),
    ...(question && { question }),
    ...(ended && { ended }),
  };
}
