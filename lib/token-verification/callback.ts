import type { ApiGatewayEvent, ApiGatewayResponse } from '../api-gateway/event.ts';
import type { OAuthError } from '../oauth/oauth-error.ts';
import type { Verify, Verdict } from './verifier.ts';

/** What a callback answers, and the verdict behind it, where there is one. */
export interface Answered {
  readonly response: ApiGatewayResponse;
  readonly verdict?: Verdict;
}

/** One kind of server's way to ask about a token. */
export interface Callback {
  /** Its name in log lines. */
  readonly name: string;
  /** Makes out what a known caller asks, has it verdict, and puts the verdict into that server's words. */
  readonly handle: (event: ApiGatewayEvent, verify: Verify) => Promise<Answered>;
  /** The answer to a caller that nobody knows. */
  readonly unknownCaller: ApiGatewayResponse;
  /** The answer while nobody can tell. */
  readonly unavailable: (error: OAuthError) => ApiGatewayResponse;
}
