import { ROOM_NAME, ROOM_PATH } from '../policy/room.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import {
  ISSUED_TOKEN_TYPES,
  SUBJECT_TOKEN_TYPES,
  TOKEN_EXCHANGE_GRANT,
  TOKEN_TYPE_JWT,
} from '../oauth/token-exchange.ts';
import type { IssuedTokenType, SubjectTokenType } from '../oauth/token-exchange.ts';
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

/** Parameters that may come once; `audience` may come more often. */
const ONCE = new Set([
  'grant_type',
  'subject_token',
  'subject_token_type',
  'scope',
  'room',
  'transport',
  'expires_in',
  'session',
  'stream',
  'requested_token_type',
] as const);
type Once = typeof ONCE extends Set<infer Name> ? Name : never;

/** The parameters of a form that are known. */
interface TokenForm {
  readonly once: ReadonlyMap<string, string>;
  readonly audiences: readonly string[];
}

/** A token exchange request (RFC 8693 §2.1), parsed by its form alone: target and user are not known yet. */
export interface TokenRequest {
  readonly subjectToken: string;
  readonly subjectTokenType: SubjectTokenType;
  /** Names of targets, 1 to 4, each once: one in most requests. */
  readonly audiences: readonly string[];
  /** Left out: all that the rules allow. */
  readonly scope?: readonly string[];
  /** Legal names, not yet folded to a target's case; left out: any room. */
  readonly rooms?: readonly string[];
  /** As sent: only a target that knows transports reads it. */
  readonly transport?: string;
  /** As sent: only a target that knows sessions reads it. */
  readonly session?: string;
  /** The stream that a stream key is for. */
  readonly stream?: string;
  /** Seconds. */
  readonly expiresIn?: number;
  readonly requestedTokenType: IssuedTokenType;
}

/**
 * Reads a request by the rules of RFC 6749 §3.2: each parameter once, but for `audience` (RFC 8693 §2.1), unknown ones
 * ignored, empty ones left out (but `room` and `scope`, which would then mean more).
 *
 * @throws {OAuthError} `invalid_request` or `unsupported_grant_type`, with the reason
 */
export function parseTokenRequest(event: ApiGatewayEvent): TokenRequest {
  const method = event.requestContext?.http?.method;
  if (method !== undefined && method !== 'POST') throw new OAuthError('method');
  const form = parseForm(event);
  const valueOf = (name: Once): string | undefined => form.once.get(name);
  if (!valueOf('grant_type')) throw new OAuthError('parameter_missing');
  if (valueOf('grant_type') !== TOKEN_EXCHANGE_GRANT) throw new OAuthError('grant_type_unsupported');
  const subjectToken = valueOf('subject_token');
  const subjectTokenType = valueOf('subject_token_type');
  const audiences = [...new Set(form.audiences)].filter((name) => name !== '');
  if (!subjectToken || !subjectTokenType || audiences.length === 0) throw new OAuthError('parameter_missing');
  if (!isIn(SUBJECT_TOKEN_TYPES, subjectTokenType)) throw new OAuthError('subject_token_type_unsupported');
  const requestedTokenType = valueOf('requested_token_type') || TOKEN_TYPE_JWT;
  if (!isIn(ISSUED_TOKEN_TYPES, requestedTokenType)) throw new OAuthError('requested_token_type_unsupported');
  if (audiences.length > MAX_AUDIENCES) throw new OAuthError('too_many_audiences');
  if (valueOf('scope') === '' || valueOf('room') === '') throw new OAuthError('parameter_empty');
  const scope = valueOf('scope');
  const room = valueOf('room');
  const transport = valueOf('transport');
  const session = valueOf('session');
  const stream = valueOf('stream');
  const expiresIn = valueOf('expires_in');
  const request: TokenRequest = {
    subjectToken,
    subjectTokenType: SUBJECT_TOKEN_TYPES[subjectTokenType],
    audiences,
    requestedTokenType,
    ...(scope !== undefined && { scope: toWords(scope) }),
    ...(room !== undefined && { rooms: parseRooms(room) }),
    ...(transport !== undefined && { transport }),
    ...(session && { session }),
    ...(stream && { stream: parseStream(stream) }),
    ...(expiresIn && { expiresIn: parseExpiresIn(expiresIn) }),
  };
  if (subjectToken.length > MAX_SUBJECT_TOKEN_LENGTH) throw new OAuthError('subject_token_too_large');
  return request;
}

function parseStream(stream: string): string {
  if (!ROOM_NAME.test(stream)) throw new OAuthError('stream_malformed');
  return stream;
}

/** The words of a list separated by single spaces, each once; a doubled space makes an empty word, which nothing is. */
export function toWords(list: string): readonly string[] {
  return list.includes(' ') ? [...new Set(list.split(' '))] : [list];
}

function parseForm(event: ApiGatewayEvent): TokenForm {
  const type = parseFormType(headerOf(event, 'content-type') ?? '');
  if (type === undefined) throw new OAuthError('content_type');
  const body = bodyOf(event, MAX_BODY_BYTES);
  if (body === undefined) throw new OAuthError('body_too_large');
  const once = new Map<string, string>();
  const audiences: string[] = [];
  new URLSearchParams(decodeText(body, type.charset)).forEach((value, name) => {
    if (name === 'audience') audiences.push(value);
    else if (isOnce(name)) {
      if (once.has(name)) throw new OAuthError('parameter_repeated');
      once.set(name, value);
    }
  });
  return { once, audiences };
}

const FORM_TYPE = 'application/x-www-form-urlencoded';

/**
 * The character set that a form's content type names (RFC 9110 §8.3.1: in any case, maybe in quotes), if any; `undefined` if
 * the type is another one or has another parameter.
 */
function parseFormType(contentType: string): { readonly charset?: string } | undefined {
  const [type, ...parts] = contentType.split(';').map((part) => part.trim().toLowerCase());
  const [parameter, ...others] = parts.filter((part) => part !== '');
  if (type !== FORM_TYPE || others.length > 0) return undefined;
  if (parameter === undefined) return {};
  if (!parameter.startsWith('charset=')) return undefined;
  return { charset: parameter.slice('charset='.length).replaceAll('"', '') };
}

/** All that is read of a form is ASCII, so the body only has to be a text in the character set that was named. */
function decodeText(bytes: Buffer, charset: string | undefined): string {
  if (charset === undefined) return bytes.toString('utf8');
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new OAuthError('content_type');
  }
}

function isOnce(name: string): name is Once {
  return (ONCE as ReadonlySet<string>).has(name);
}

function isIn<Types extends object>(types: Types, name: string): name is string & keyof Types {
  return Object.hasOwn(types, name);
}

function parseRooms(list: string): readonly string[] {
  const rooms = toWords(list);
  if (!rooms.every((room) => ROOM_PATH.test(room))) throw new OAuthError('room_malformed');
  // Too many for every target, whether it folds case or not.
  if (rooms.length > MAX_ROOMS && new Set(rooms.map((room) => room.toLowerCase())).size > MAX_ROOMS) {
    throw new OAuthError('too_many_rooms');
  }
  return rooms;
}

function parseExpiresIn(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text) || Number(text) < MIN_EXPIRES_IN) throw new OAuthError('expires_in_invalid');
  return Number(text);
}
