import { ROOM_NAME } from '../policy/room.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import { SUBJECT_TOKEN_TYPES, TOKEN_EXCHANGE_GRANT, TOKEN_TYPE_JWT } from '../oauth/token-exchange.ts';
import type { SubjectTokenType } from '../oauth/token-exchange.ts';
import { bodyOf, headerOf } from '../api-gateway/event.ts';
import type { ApiGatewayEvent } from '../api-gateway/event.ts';

/** Longest body, decoded, in bytes. */
export const MAX_BODY_BYTES = 65_536;
/** Longest subject token, in characters: room for a token with hundreds of groups. */
export const MAX_SUBJECT_TOKEN_LENGTH = 16_384;
/** Most rooms in one request. */
export const MAX_ROOMS = 16;
/** Most targets in one request. */
export const MAX_AUDIENCES = 4;
/** Shortest lifetime that may be asked for, in seconds. */
export const MIN_EXPIRES_IN = 60;

const PARAMETERS = [
  'grant_type',
  'subject_token',
  'subject_token_type',
  'audience',
  'scope',
  'room',
  'transport',
  'expires_in',
  'session',
  'requested_token_type',
] as const;
type Parameter = (typeof PARAMETERS)[number];
type Form = ReadonlyMap<Parameter, string>;

/** A token exchange request (RFC 8693 §2.1), as far as its form goes: no target and no person is known yet. */
export interface TokenRequest {
  readonly subjectToken: string;
  readonly subjectTokenType: SubjectTokenType;
  /** Names of targets, 1 to 4, as sent: one in most requests. */
  readonly audience: string;
  /** Left out: all that the rules allow. */
  readonly scope?: readonly string[];
  /** Legal names, not yet folded to a target's case; left out: any room. */
  readonly rooms?: readonly string[];
  /** As sent: only a target that knows transports reads it. */
  readonly transport?: string;
  /** As sent: only a target that knows sessions reads it. */
  readonly session?: string;
  /** Seconds. */
  readonly expiresIn?: number;
}

/**
 * Reads a request by the rules of RFC 6749 §3.2: each parameter once, unknown ones ignored, empty ones left out (but
 * `room` and `scope`, which would then mean more).
 *
 * @throws {OAuthError} `invalid_request` or `unsupported_grant_type`, with the reason
 */
export function parseTokenRequest(event: ApiGatewayEvent): TokenRequest {
  const form = parseForm(event);
  if (!form.get('grant_type')) throw new OAuthError('parameter_missing');
  if (form.get('grant_type') !== TOKEN_EXCHANGE_GRANT) throw new OAuthError('grant_type_unsupported');
  const subjectToken = form.get('subject_token');
  const subjectTokenType = form.get('subject_token_type');
  const audience = form.get('audience');
  if (!subjectToken || !subjectTokenType || !audience) throw new OAuthError('parameter_missing');
  if (!isSubjectTokenType(subjectTokenType)) throw new OAuthError('subject_token_type_unsupported');
  if ((form.get('requested_token_type') || TOKEN_TYPE_JWT) !== TOKEN_TYPE_JWT) {
    throw new OAuthError('requested_token_type_unsupported');
  }
  if (toWords(audience).length > MAX_AUDIENCES) throw new OAuthError('too_many_audiences');
  if (form.get('scope') === '' || form.get('room') === '') throw new OAuthError('parameter_empty');
  const scope = form.get('scope');
  const room = form.get('room');
  const transport = form.get('transport');
  const session = form.get('session');
  const expiresIn = form.get('expires_in');
  const request: TokenRequest = {
    subjectToken,
    subjectTokenType: SUBJECT_TOKEN_TYPES[subjectTokenType],
    audience,
    ...(scope !== undefined && { scope: toWords(scope) }),
    ...(room !== undefined && { rooms: parseRooms(room) }),
    ...(transport !== undefined && { transport }),
    ...(session && { session }),
    ...(expiresIn && { expiresIn: parseExpiresIn(expiresIn) }),
  };
  if (subjectToken.length > MAX_SUBJECT_TOKEN_LENGTH) throw new OAuthError('subject_token_too_large');
  return request;
}

/** The words of a list separated by single spaces, each once; a doubled space makes an empty word, which nothing is. */
export function toWords(list: string): readonly string[] {
  return list.includes(' ') ? [...new Set(list.split(' '))] : [list];
}

function parseForm(event: ApiGatewayEvent): Form {
  if (!isFormType(headerOf(event, 'content-type'))) throw new OAuthError('content_type');
  const body = bodyOf(event, MAX_BODY_BYTES);
  if (body === undefined) throw new OAuthError('body_too_large');
  const form = new Map<Parameter, string>();
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
    if (!isParameter(name)) continue;
    if (form.has(name)) throw new OAuthError('parameter_repeated');
    form.set(name, value);
  }
  return form;
}

/** `application/x-www-form-urlencoded`, with no parameter or `charset=utf-8` (RFC 9110 §8.3.1: any case). */
function isFormType(contentType: string | undefined): boolean {
  return /^application\/x-www-form-urlencoded[ \t]*(;[ \t]*(charset="?utf-8"?)?[ \t]*)?$/i.test(
    contentType ?? '',
  );
}

function isParameter(name: string): name is Parameter {
  return (PARAMETERS as readonly string[]).includes(name);
}

function isSubjectTokenType(type: string): type is keyof typeof SUBJECT_TOKEN_TYPES {
  return Object.hasOwn(SUBJECT_TOKEN_TYPES, type);
}

function parseRooms(list: string): readonly string[] {
  const rooms = toWords(list);
  if (!rooms.every((room) => ROOM_NAME.test(room))) throw new OAuthError('room_malformed');
  // Whatever case a target folds to, these are too many.
  if (rooms.length > MAX_ROOMS && new Set(rooms.map((room) => room.toLowerCase())).size > MAX_ROOMS) {
    throw new OAuthError('too_many_rooms');
  }
  return rooms;
}

function parseExpiresIn(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text) || Number(text) < MIN_EXPIRES_IN) throw new OAuthError('expires_in_invalid');
  return Number(text);
}
