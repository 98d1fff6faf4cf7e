/** The identifiers of OAuth 2.0 Token Exchange (RFC 8693 §2.1 and §3). */

/** The only `grant_type` that the token endpoint takes. */
export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** Any kind of JWT: the type of issued tokens, and one of the types that a subject token may have. */
export const TOKEN_TYPE_JWT = 'urn:ietf:params:oauth:token-type:jwt';

/** A long-lived grant for an encoder: it is issued, and accepted as a subject token. */
export const TOKEN_TYPE_STREAM_KEY = 'urn:streampass:token-type:stream-key';

const TOKEN_TYPE_ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** The types that a client may give its subject token: `jwt` leaves open which kind of token it is. */
export const SUBJECT_TOKEN_TYPES = {
  'urn:ietf:params:oauth:token-type:id_token': 'id_token',
  [TOKEN_TYPE_ACCESS_TOKEN]: 'access_token',
  [TOKEN_TYPE_JWT]: 'jwt',
  [TOKEN_TYPE_STREAM_KEY]: 'stream_key',
} as const;

/**
 * The types that a client may request, and the `token_type` of the answer; the token is the same. `N_A` is RFC 8693's value for
 * a token that is not an access token. Some clients accept only an access token of type `Bearer`.
 */
export const ISSUED_TOKEN_TYPES = {
  [TOKEN_TYPE_JWT]: 'N_A',
  [TOKEN_TYPE_ACCESS_TOKEN]: 'Bearer',
  [TOKEN_TYPE_STREAM_KEY]: 'N_A',
} as const;

/** The identifier of a type that a client may request. */
export type IssuedTokenType = keyof typeof ISSUED_TOKEN_TYPES;

/** The last part of a subject token type's identifier. */
export type SubjectTokenType = (typeof SUBJECT_TOKEN_TYPES)[keyof typeof SUBJECT_TOKEN_TYPES];

/** One token of a granted exchange: the members of RFC 8693 §2.2.1, and two of ours. */
export interface IssuedAnswer {
  readonly access_token: string;
  readonly issued_token_type: IssuedTokenType;
  readonly token_type: (typeof ISSUED_TOKEN_TYPES)[IssuedTokenType];
  /** Lifetime in seconds. */
  readonly expires_in: number;
  /** What was granted, space-separated. */
  readonly scope: string;
  /** Seconds after which a client should renew. */
  readonly refresh_in: number;
  /** The same claims under the other live secret, for a server that rejects the first token. */
  readonly fallback_token?: string;
}

/** The answer to a granted exchange. If the request names several targets, the top members are the first one's token. */
export interface TokenResponse extends IssuedAnswer {
  /** The token of each target, if the request names several. */
  readonly tokens?: Readonly<Record<string, IssuedAnswer>>;
  /** Stands in the audit line of each of these tokens, and in those that hold a session. */
  readonly session?: string;
}

/** The answer to a refused exchange (RFC 6749 §5.2), and members of ours. */
export interface ErrorResponse {
  readonly error: string;
  readonly error_description: string;
  readonly error_uri: string;
  /** A stable slug for programs. */
  readonly reason: string;
  /** Seconds to wait before trying again; absent if waiting cannot help. */
  readonly retry_after?: number;
}
