// What the server's answer asks of the app.
import type { StreamPassErrorKind } from './error.ts';

/** Why the token endpoint refused: the `reason` of its answer, each explained in docs/errors.md. */
export type Reason =
  | 'method'
  | 'content_type'
  | 'body_too_large'
  | 'parameter_missing'
  | 'parameter_repeated'
  | 'parameter_empty'
  | 'room_malformed'
  | 'too_many_rooms'
  | 'too_many_audiences'
  | 'one_room_only'
  | 'livekit_request_malformed'
  | 'transport_unknown'
  | 'session_malformed'
  | 'expires_in_invalid'
  | 'stream_malformed'
  | 'stream_key_place'
  | 'stream_key_invalid'
  | 'stream_key_scope'
  | 'stream_key_not_allowed'
  | 'requested_token_type_unsupported'
  | 'token_too_long'
  | 'bearer_missing'
  | 'subject_token_type_unsupported'
  | 'subject_token_too_large'
  | 'subject_token_malformed'
  | 'subject_token_algorithm'
  | 'subject_token_header'
  | 'subject_token_issuer'
  | 'subject_token_signature'
  | 'subject_token_key_unknown'
  | 'subject_token_expired'
  | 'subject_token_not_yet_valid'
  | 'subject_token_audience'
  | 'subject_token_claims'
  | 'subject_token_type_mismatch'
  | 'subject_token_groups_overage'
  | 'subject_token_wrong_tenant'
  | 'subject_token_denied'
  | 'too_many_tokens'
  | 'grant_type_unsupported'
  | 'target_unknown'
  | 'livekit_target_unknown'
  | 'target_not_allowed'
  | 'action_unknown'
  | 'join_needed'
  | 'scope_needed'
  | 'one_action_only'
  | 'room_needed'
  | 'action_not_allowed'
  | 'room_not_allowed'
  | 'transport_not_allowed'
  | 'combination_not_allowed'
  | 'issuer_unreachable'
  | 'secret_unavailable'
  | 'secret_invalid'
  | 'signing_unavailable'
  | 'no_issuer'
  | 'config_invalid'
  | 'deny_list_unavailable'
  | 'internal';

/**
 * The reasons that their error code does not decide. A new sign-in is asked for only if it helps: a denied user, or one
 * whose provider is set up wrongly, would be sent to the sign-in page again and again.
 */
const KIND_OF_REASON: ReadonlyMap<string, StreamPassErrorKind> = new Map(
  Object.entries({
    subject_token_expired: 'sign-in-again',
    subject_token_key_unknown: 'sign-in-again',
    subject_token_wrong_tenant: 'not-allowed',
    subject_token_denied: 'not-allowed',
  } satisfies Partial<Record<Reason, StreamPassErrorKind>>),
);

/**
 * The kind of an answer that is not a usable 200; also of reasons that a newer server may give.
 * @param waits whether the server named a time to wait.
 */
export function kindOf(
  status: number,
  error: string | undefined,
  reason: string,
  waits: boolean,
): StreamPassErrorKind {
  const known = KIND_OF_REASON.get(reason);
  if (known) return known;
  // A 200 without a token is not the API's: some proxy or portal answered.
  if (waits || status > 499 || status === 429 || status === 200) return 'try-later';
  return error === 'invalid_scope' ? 'not-allowed' : 'bad-request';
}
