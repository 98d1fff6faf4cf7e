/** What to ask for, and whom to ask. */
export interface StreamPassOptions {
  /** Address of `POST /token`, for example `https://api.example.com/token`. */
  readonly endpoint: string;
  /** The target's name: `red5`, `jitsi`, `rtcstats`. */
  readonly audience: string;
  /** Actions. Left out: all that the rules allow. */
  readonly scope?: Words | undefined;
  /** Room names. Left out: any room, which few rules allow. */
  readonly room?: Words | undefined;
  /** `WHIP`, `WHEP`, `RTMP`, `RTSP`. Left out: all that the rules allow. */
  readonly transport?: Words | undefined;
  /** Session id, for servers that know one (rtcstats). */
  readonly session?: string | undefined;
  /** Seconds of life wanted, 60 or more. Left out: the longest that the rules allow. */
  readonly expiresInSeconds?: number | undefined;
  /**
   * The identity provider's token, or a function that gives the present one; it is called before each exchange. A
   * function that gives nothing says "nobody is signed in"; what it throws becomes the cause of a `try-later`. It
   * should not wait for a person: after some seconds it counts as unanswered.
   */
  readonly subjectToken: string | (() => MaybeToken | Promise<MaybeToken>);
  /** What `subjectToken` is · default `id_token`. */
  readonly subjectTokenType?: 'id_token' | 'access_token' | 'jwt' | undefined;
  /** Stands in for the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** Several words: a list, or one text with single spaces between them. An empty one is sent as such, and refused. */
export type Words = string | readonly string[];

type MaybeToken = string | null | undefined;
