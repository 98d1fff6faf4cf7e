import type { Identity } from '../identity/identity.ts';
import type { Target } from '../media-servers/target.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import { TOKEN_TYPE_STREAM_KEY, type TokenResponse } from '../oauth/token-exchange.ts';
import { decideByRules } from '../policy/decide-by-rules.ts';
import { indexRules, type RuleIndex } from '../policy/match-rules.ts';
import type { Rule } from '../policy/rule.ts';
import type { SigningRing } from '../signing-keys/key-ring.ts';
import { MAX_STREAM_KEY_LENGTH, signStreamKey, type StreamKey } from '../stream-keys/stream-key.ts';
import type { TargetRequest } from './read-for-target.ts';

/** The rules that allow stream keys, each with the longest key in the place of the longest token. */
export function indexStreamKeyRules(
  rules: readonly Rule[],
  targets: Readonly<Record<string, Target>>,
  clockSkew: number,
): RuleIndex {
  const allowing = rules.map(({ streamKeys, ...rule }) =>
    // A rule without stream keys keeps its place, so that the paths of the others stay true, and allows nothing.
    streamKeys === undefined ? { ...rule, actions: [] } : { ...rule, ttl: streamKeys.longest },
  );
  return indexRules(allowing, targets, clockSkew);
}

/** The request and its user. */
export interface StreamKeyRequest {
  readonly targetName: string;
  readonly target: Target;
  readonly owner: Identity;
  readonly wanted: TargetRequest;
  readonly stream: string | undefined;
}

/**
 * The stream key that a user may have for what was asked, decided by the rules that allow stream keys. Call it only if the
 * rules allow a token for the same: a key never allows more than that.
 *
 * @param now epoch seconds
 * @throws {OAuthError} `stream_key_place`, `stream_key_not_allowed`
 */
export function decideStreamKey(
  rules: RuleIndex,
  { targetName, target, owner, wanted, stream }: StreamKeyRequest,
  id: string,
  now: number,
): StreamKey {
  const [room, ...more] = wanted.rooms ?? [];
  if (room === undefined || more.length > 0 || stream === undefined) throw new OAuthError('stream_key_place');
  // A key of a key would outlive what it was made of.
  if (owner.streamKey !== undefined) throw new OAuthError('stream_key_not_allowed');
  const unlimited = { ...target, longestToken: Number.MAX_SAFE_INTEGER };
  const decision = decideByRules(rules, targetName, unlimited, owner, wanted, now);
  if (!decision.granted) throw new OAuthError('stream_key_not_allowed');
  const { actions, transports, ttlSeconds } = decision.grant;
  const issuedAt = Math.floor(now);
  return {
    id,
    owner,
    target: targetName,
    room,
    stream,
    actions,
    transports,
    issuedAt,
    expiresAt: issuedAt + ttlSeconds,
  };
}

/**
 * The answer with a signed stream key. It is shown only this once.
 *
 * @throws {OAuthError} `token_too_long` if its owner's claims do not fit into a key
 */
export async function toStreamKeyResponse(key: StreamKey, ring: SigningRing): Promise<TokenResponse> {
  const signed = await signStreamKey(key, ring.current);
  if (signed.length > MAX_STREAM_KEY_LENGTH) throw new OAuthError('token_too_long');
  const lifetime = key.expiresAt - key.issuedAt;
  return {
    access_token: signed,
    issued_token_type: TOKEN_TYPE_STREAM_KEY,
    token_type: 'N_A',
    expires_in: lifetime,
    scope: key.actions.join(' '),
    refresh_in: lifetime,
  };
}
