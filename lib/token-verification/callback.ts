import type { ApiGatewayEvent, ApiGatewayResponse } from '../api-gateway/event.ts';
import type { OAuthError } from '../oauth/oauth-error.ts';
import type { Streams } from './streams.ts';
import type { Verify, Verdict } from './verifier.ts';

/** What decides. */
export interface DecisionDeps {
  readonly verify: Verify;
  readonly streams: Streams;
}

/** What a server wants to know. */
export interface Question {
  readonly action?: string | undefined;
  readonly room?: string | undefined;
  /** The server's own name of the stream. */
  readonly stream?: string | undefined;
  /** The server's own id of the connection: asking twice about one is asking once. */
  readonly connection?: string | undefined;
  readonly clientIp?: string | undefined;
  /** Whether the server will report the end of this stream. */
  readonly reportsEnd?: boolean;
}

/** What a callback answers, and the verdict behind it, where there is one. */
export interface Answered {
  readonly response: ApiGatewayResponse;
  readonly verdict?: Verdict;
  readonly question?: Question;
  /** Set if the server only reports that a stream has ended; its length in seconds, if that is known. */
  readonly ended?: { readonly seconds?: number };
}

/** One kind of server's way to ask about a token. */
export interface Callback {
  /** Its name in log lines. */
  readonly name: string;
  /** Reads what a known caller asks, has it decided, and puts the verdict into that server's words. */
  readonly handle: (event: ApiGatewayEvent, deps: DecisionDeps) => Promise<Answered>;
  /** The answer to a caller that nobody knows. */
  readonly unknownCaller: ApiGatewayResponse;
  /** The answer while nobody can tell. */
  readonly unavailable: (error: OAuthError) => ApiGatewayResponse;
}
