import type { ApiGatewayEvent, ApiGatewayResponse } from '../api-gateway/event.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import type { Reason } from '../oauth/reasons.ts';
import type { LiveKeys } from '../signing-keys/live-keys.ts';
import { isKnownCaller } from './caller.ts';
import type { Door } from './callback.ts';
import type { GoodToken } from './verify-token.ts';
import type { Judge, Problem } from './verifier.ts';

/** What the doors need of the outside. */
export interface DoorDeps {
  readonly judge: Judge;
  /** The secret that callers show; left out, nobody is answered. */
  readonly callerSecret: LiveKeys | undefined;
}

/** How an answer came about: all that a log line may hold. */
export interface DoorFacts {
  readonly door: string;
  /** Why not; absent where the answer was yes, or no question of a token at all. */
  readonly problem?: Problem | Reason | 'caller_unknown';
  /** The token, where it was found good. */
  readonly token?: GoodToken;
}

/** Answers at a door: known caller → token → answer. Whatever happens, the answer is one of that door's own. */
export async function answerAtDoor(
  event: ApiGatewayEvent,
  door: Door,
  { judge, callerSecret }: DoorDeps,
): Promise<{ readonly response: ApiGatewayResponse; readonly facts: DoorFacts }> {
  try {
    const secrets = (await callerSecret?.get())?.keys ?? [];
    if (!isKnownCaller(event, secrets)) {
      return { response: door.unknownCaller, facts: { door: door.name, problem: 'caller_unknown' } };
    }
    const { response, verdict } = await door.handle(event, judge);
    return {
      response,
      facts: {
        door: door.name,
        ...(verdict?.token && { token: verdict.token }),
        ...(verdict?.good === false && { problem: verdict.problem }),
      },
    };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return { response: door.unavailable(error), facts: { door: door.name, problem: error.reason } };
  }
}
