import type { Reason } from './reasons.ts';

/** What is asked for. */
export interface StreamPassRequest {
  /**
   * The target's name: `red5`, `jitsi`, `rtcstats`. An array asks for a token for each of these targets in one exchange;
   * `token({ audience })` and the option `audience` of `connect` then say which one is meant · default the first.
   */
  readonly audience: string | readonly string[];
  /** Actions. Left out: all that the rules allow. */
  readonly scope?: Words | undefined;
  /** Room names. Left out: any room, which few rules allow. */
  readonly room?: Words | undefined;
  /** `WHIP`, `WHEP`, `RTMP`, `RTSP`. Left out: all that the rules allow. */
  readonly transport?: Words | undefined;
  /** Seconds of life wanted, 60 or more. Left out: the longest that the rules allow. */
  readonly expiresInSeconds?: number | undefined;
  /**
   * Session id that joins the tokens of one visit; rtcstats stores it, and LiveKit tells tabs apart by it. 1 to 128
   * letters, digits, `.`, `_`, `~` or `-` · default one that is made for this object and kept for its life.
   */
  readonly session?: string | undefined;
}

/** What to ask for, and whom to ask. */
export interface StreamPassOptions extends StreamPassRequest {
  /** Address of `POST /token`, for example `https://api.example.com/token`. */
  readonly endpoint: string;
  /**
   * The identity provider's token, or a function that gives the present one; it is called before each exchange. A
   * function that gives nothing says "nobody is signed in"; what it throws becomes the cause of a `try-later`. Do not open
   * a sign-in page in it: after some seconds it counts as unanswered. Wait for `sign-in-again`.
   */
  readonly subjectToken: string | ((request: SubjectTokenRequest) => MaybeToken | Promise<MaybeToken>);
  /** What `subjectToken` is · default `id_token`. */
  readonly subjectTokenType?: 'id_token' | 'access_token' | 'jwt' | undefined;
  /** Stands in for the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Gets one line for each event, and never a token; `console` will do · default none. */
  readonly logger?: StreamPassLogger | undefined;
}

/** Why the identity provider's token is asked for. */
export interface SubjectTokenRequest {
  /** Whether the last token was not good: renew it, and do not give one from a cache. */
  readonly forceRefresh: boolean;
  /** Why the server refused the last token; `undefined` if it did not. */
  readonly reason: Reason | undefined;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** As much of `console` as is used: `debug` for what is as it should be, `warn` for the rest. */
export interface StreamPassLogger {
  debug(line: string): void;
  warn(line: string): void;
}

/** Several words: an array, or one string with single spaces between them. An empty one is sent as such, and refused. */
export type Words = string | readonly string[];

type MaybeToken = string | null | undefined;
