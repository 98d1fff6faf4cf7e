import { expect, test } from 'vitest';
import { REASONS } from '../../lib/oauth/reasons.ts';
import type { StreamPassErrorKind } from '../../client/src/error.ts';
import { judgeAnswer } from '../../client/src/exchange.ts';
import type { Reason } from '../../client/src/reasons.ts';

/** What the app does about each reason of the server. */
const KINDS = {
  subject_token_expired: 'sign-in-again',
  subject_token_key_unknown: 'sign-in-again',

  subject_token_denied: 'not-allowed',
  subject_token_wrong_tenant: 'not-allowed',
  target_not_allowed: 'not-allowed',
  action_not_allowed: 'not-allowed',
  room_not_allowed: 'not-allowed',
  transport_not_allowed: 'not-allowed',
  combination_not_allowed: 'not-allowed',
  action_unknown: 'not-allowed',
  join_needed: 'not-allowed',
  scope_needed: 'not-allowed',
  one_action_only: 'not-allowed',
  room_needed: 'not-allowed',

  too_many_tokens: 'try-later',
  issuer_unreachable: 'try-later',
  secret_unavailable: 'try-later',
  secret_invalid: 'try-later',
  signing_unavailable: 'try-later',
  no_issuer: 'try-later',
  config_invalid: 'try-later',
  deny_list_unavailable: 'try-later',
  internal: 'try-later',

  subject_token_type_unsupported: 'bad-request',
  subject_token_too_large: 'bad-request',
  subject_token_malformed: 'bad-request',
  subject_token_algorithm: 'bad-request',
  subject_token_header: 'bad-request',
  subject_token_issuer: 'bad-request',
  subject_token_signature: 'bad-request',
  subject_token_not_yet_valid: 'bad-request',
  subject_token_audience: 'bad-request',
  subject_token_claims: 'bad-request',
  subject_token_type_mismatch: 'bad-request',
  subject_token_groups_overage: 'bad-request',
  method: 'bad-request',
  content_type: 'bad-request',
  body_too_large: 'bad-request',
  parameter_missing: 'bad-request',
  parameter_repeated: 'bad-request',
  parameter_empty: 'bad-request',
  room_malformed: 'bad-request',
  too_many_rooms: 'bad-request',
  too_many_audiences: 'bad-request',
  one_room_only: 'bad-request',
  transport_unknown: 'bad-request',
  session_malformed: 'bad-request',
  expires_in_invalid: 'bad-request',
  stream_malformed: 'bad-request',
  stream_key_place: 'bad-request',
  stream_key_invalid: 'bad-request',
  stream_key_scope: 'not-allowed',
  stream_key_not_allowed: 'not-allowed',
  requested_token_type_unsupported: 'bad-request',
  token_too_long: 'bad-request',
  grant_type_unsupported: 'bad-request',
  target_unknown: 'bad-request',
  // Of the endpoint for LiveKit's SDKs, which this client does not call.
  bearer_missing: 'bad-request',
  livekit_request_malformed: 'bad-request',
  livekit_target_unknown: 'bad-request',
} as const satisfies Record<Reason, StreamPassErrorKind>;

test('the client knows exactly the reasons that the server gives', () => {
  expect(Object.keys(KINDS).sort()).toEqual(Object.keys(REASONS).sort());
});

test.each(Object.entries(KINDS))('%s is %s', (reason, kind) => {
  const [error, , waits] = REASONS[reason as Reason] as readonly [string, string, string?];
  const retryAfter = waits ? '7' : null;
  const status = error === 'temporarily_unavailable' ? 503 : 400;
  expect(() => judgeAnswer(status, retryAfter, { error, reason })).toThrow(
    expect.objectContaining({ kind, reason }),
  );
});

test('a reason that only a newer server knows never leads to a sign-in', () => {
  const body = { error: 'invalid_request', reason: 'subject_token_from_the_future' };
  expect(() => judgeAnswer(400, null, body)).toThrow(expect.objectContaining({ kind: 'bad-request' }));
});
