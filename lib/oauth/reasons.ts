/** The error codes of RFC 6749 §5.2 and RFC 8693 §2.2.2 that an exchange can end with. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'unsupported_grant_type'
  | 'invalid_target'
  | 'invalid_scope'
  | 'temporarily_unavailable';

type ReasonEntry = readonly [code: OAuthErrorCode, description: string, waits?: 'waits'];

/**
 * Every reason for a refusal: its OAuth error code, a fixed text that says what would be right, and whether waiting helps
 * although the status is 400. The text never repeats what was sent. Each reason has an entry in docs/errors.md.
 */
export const REASONS = {
  method: ['invalid_request', 'Send the request by POST.'],
  content_type: [
    'invalid_request',
    'Send the parameters as application/x-www-form-urlencoded, in UTF-8 or in the charset that the header names.',
  ],
  body_too_large: ['invalid_request', 'The body may have at most 65536 bytes.'],
  parameter_missing: [
    'invalid_request',
    'grant_type, subject_token, subject_token_type and audience are required.',
  ],
  parameter_repeated: ['invalid_request', 'Send each parameter once. Only audience may be repeated.'],
  parameter_empty: ['invalid_request', 'Leave out room, scope or transport instead of sending it empty.'],
  room_malformed: [
    'invalid_request',
    'A room name has 1 to 128 ASCII letters, digits or . _ ~ - and begins with a letter or digit. Separate rooms by single spaces.',
  ],
  too_many_rooms: ['invalid_request', 'Ask for at most 16 rooms.'],
  too_many_audiences: ['invalid_request', 'Ask for tokens for at most 4 targets.'],
  one_room_only: ['invalid_request', 'A token for this target holds one room.'],
  livekit_request_malformed: [
    'invalid_request',
    'Send a JSON object as application/json, with the name of one room as room_name.',
  ],
  transport_unknown: [
    'invalid_request',
    'A transport is one of WHIP, WHEP, RTMP, RTSP. Separate transports by single spaces.',
  ],
  session_malformed: [
    'invalid_request',
    'A session has 1 to 128 ASCII letters, digits or . _ ~ - and begins with a letter or digit.',
  ],
  expires_in_invalid: [
    'invalid_request',
    'expires_in is a whole number of seconds, 60 or more, with at most 9 digits.',
  ],
  stream_malformed: [
    'invalid_request',
    'A stream has 1 to 128 ASCII letters, digits or . _ ~ - and begins with a letter or digit.',
  ],
  stream_key_place: [
    'invalid_request',
    'A stream key is for one target, one room and one stream. Name each of them once.',
  ],
  stream_key_invalid: [
    'invalid_request',
    'The stream key is not one of this service, or it has ended. Its owner can make a new one.',
  ],
  stream_key_scope: [
    'invalid_scope',
    'The stream key is for another target, room, stream, action or transport.',
  ],
  stream_key_not_allowed: ['invalid_scope', 'No rule allows this user a stream key for this.'],
  requested_token_type_unsupported: [
    'invalid_request',
    'requested_token_type is urn:ietf:params:oauth:token-type:jwt, :access_token or urn:streampass:token-type:stream-key.',
  ],
  token_too_long: [
    'invalid_request',
    'The token does not fit into an address of this transport. Ask for fewer rooms or for shorter room names.',
  ],
  bearer_missing: ['invalid_request', 'Send the ID token of the sign-in as Authorization: Bearer ID-TOKEN.'],
  subject_token_type_unsupported: [
    'invalid_request',
    'subject_token_type is urn:ietf:params:oauth:token-type:id_token, :access_token or :jwt, or urn:streampass:token-type:stream-key.',
  ],
  subject_token_too_large: ['invalid_request', 'The subject token may have at most 16384 characters.'],
  subject_token_malformed: ['invalid_request', 'The subject token is not a signed JWT in compact form.'],
  subject_token_algorithm: [
    'invalid_request',
    'The subject token must be signed with RS, PS or ES (256, 384 or 512), EdDSA or Ed25519.',
  ],
  subject_token_header: [
    'invalid_request',
    'The header of the subject token has a member that must be understood (crit, b64), or a kid that is not a string.',
  ],
  subject_token_issuer: [
    'invalid_request',
    'The subject token is from an issuer that is not configured here.',
  ],
  subject_token_signature: ['invalid_request', 'The subject token is not signed with a key of its issuer.'],
  subject_token_key_unknown: [
    'invalid_request',
    'The subject token is signed with a key that its issuer does not publish yet or any more. Try again later, then renew the sign-in.',
    'waits',
  ],
  subject_token_expired: ['invalid_request', 'The subject token has expired. Renew the sign-in.'],
  subject_token_not_yet_valid: [
    'invalid_request',
    'The subject token is not valid yet. Check the clock of the identity provider.',
  ],
  subject_token_audience: ['invalid_request', 'The subject token is meant for another application.'],
  subject_token_claims: [
    'invalid_request',
    'The subject token must hold iss, sub (1 to 255 characters), aud, exp and iat, each of its proper type.',
  ],
  subject_token_type_mismatch: [
    'invalid_request',
    'The subject token is not of the type that subject_token_type says, or this type may not be exchanged. Most applications send the ID token.',
  ],
  subject_token_groups_overage: [
    'invalid_request',
    'The identity provider left the groups out of the token because there are too many. Limit the groups that it puts into tokens.',
  ],
  subject_token_wrong_tenant: [
    'invalid_request',
    'The subject token is from a tenant that is not configured here.',
  ],
  subject_token_denied: ['invalid_request', 'This sign-in may not be exchanged.'],
  too_many_tokens: [
    'invalid_request',
    'This user asked for too many tokens within a minute. Try again later.',
    'waits',
  ],
  grant_type_unsupported: [
    'unsupported_grant_type',
    'The grant type is urn:ietf:params:oauth:grant-type:token-exchange.',
  ],
  target_unknown: ['invalid_target', 'audience is not the name of a configured target.'],
  livekit_target_unknown: [
    'invalid_target',
    'Name a LiveKit target whose configuration has an address: /livekit/token/TARGET. If there is exactly one, /livekit/token is enough.',
  ],
  target_not_allowed: ['invalid_scope', 'No rule grants this user access to this target.'],
  action_unknown: ['invalid_scope', 'scope names an action that this target does not know.'],
  join_needed: ['invalid_scope', 'scope asks for moderate without join. Ask for both.'],
  one_action_only: ['invalid_scope', 'A token for this target holds one action. Name it in scope.'],
  room_needed: ['invalid_scope', 'A token for this target holds the name of a room. Name it in room.'],
  scope_needed: [
    'invalid_scope',
    'The actions allowed here have no transport in common. Name the actions you need in scope.',
  ],
  action_not_allowed: ['invalid_scope', 'No rule allows this user one of these actions.'],
  room_not_allowed: [
    'invalid_scope',
    'No rule allows this user one of these rooms. If room is left out, any room is asked for.',
  ],
  transport_not_allowed: ['invalid_scope', 'No rule allows this user one of these transports.'],
  combination_not_allowed: [
    'invalid_scope',
    'Each is allowed on its own, but not all of these actions in all of these rooms over all of these transports.',
  ],
  issuer_unreachable: [
    'temporarily_unavailable',
    "The identity provider's signing keys are temporarily unavailable. Try again.",
  ],
  secret_unavailable: [
    'temporarily_unavailable',
    'The signing secret is temporarily unavailable. Try again.',
  ],
  secret_invalid: [
    'temporarily_unavailable',
    'The signing secret is not usable. An operator has to replace it with 32 to 256 characters out of A-Z a-z 0-9 + / = _ - (choose Plaintext: the key/value form of the console is not a secret), or, if the target signs with a private key, with a private JWK.',
  ],
  signing_unavailable: [
    'temporarily_unavailable',
    'The service that holds the signing key did not sign. Try again.',
  ],
  no_issuer: ['temporarily_unavailable', 'No identity provider is configured.'],
  config_invalid: ['temporarily_unavailable', 'The configuration is not valid. The log says where.'],
  deny_list_unavailable: [
    'temporarily_unavailable',
    'The list of denied users is temporarily unavailable. Try again.',
  ],
  internal: ['temporarily_unavailable', 'An internal error occurred. Try again. The log has the details.'],
} as const satisfies Record<string, ReasonEntry>;

/** A stable slug for programs: why an exchange was refused. */
export type Reason = keyof typeof REASONS;

/** Whether the same request can succeed later: every 503, and a few refusals of a caller who has to slow down. */
export function waitingHelps(reason: Reason): boolean {
  const [code, , waits]: ReasonEntry = REASONS[reason];
  return code === 'temporarily_unavailable' || waits !== undefined;
}
