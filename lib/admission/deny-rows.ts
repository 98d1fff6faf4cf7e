import { hash } from 'node:crypto';

/**
 * The rows of a deny table: how a row is named, for writing it and for looking it up. A row's id is made of hashes,
 * because a streaming token carries the same hashes (`for-whom.ts`) and so can be found in the table without naming anybody.
 */

/** What a denial can name, and what the value is. */
export const DENIAL_KINDS = {
  sub: 'a user: the `sub` of their identity tokens, of any issuer or of one',
  'sign-in': 'one sign-in: the `sid`, `origin_jti` (Amazon Cognito) or `jti` of an identity token',
  session: 'one call: the `session` of a streaming token',
  token: 'one streaming token: its `jti`, with its fallback token',
  'stream-key': 'one stream key: its id, with all tokens that were made of it',
} as const;
/** One of {@link DENIAL_KINDS}. */
export type DenialKind = keyof typeof DENIAL_KINDS;

/** Whom a row denies. */
export interface Denied {
  readonly kind: DenialKind;
  readonly value: string;
  /** The issuer of a `sub`; left out, any issuer. */
  readonly issuer?: string;
}

/** A user: the hash of the subject, then that of the issuer. */
const SUBJECT_BYTES = 10;
const ISSUER_BYTES = 6;
/** A sign-in, a session, a token or a stream key. */
export const TAG_BYTES = 8;
/** Bytes that stand for one user. */
export const PERSON_BYTES = SUBJECT_BYTES + ISSUER_BYTES;

/** What says who signed in. */
export interface SignIn {
  readonly issuer: string;
  readonly subject: string;
  /** Ids of the sign-in, each of which a row may name. */
  readonly signIns?: readonly string[];
}

/** What says who somebody is, for each kind of row; what is left out is denied by no row of that kind. */
export interface Whom extends SignIn {
  readonly session?: string | undefined;
  readonly streamKey?: string | undefined;
  /** What {@link hashesOfSignIn} says of it, if it was asked before. */
  readonly hashes?: string | undefined;
}

/**
 * The hashes of somebody: 16 bytes for the user, then 8 for each of sign-ins, session and stream key. They are short
 * because a token carries them and RTMP addresses are. Even with a million rows and a billion people, the chance that
 * anybody is denied by mistake is below 1 in 10,000.
 */
export function hashesOf(whom: Whom): Buffer {
  const { session, streamKey } = whom;
  let hashes = whom.hashes ?? hashesOfSignIn(whom);
  if (session !== undefined) hashes += tagOf('session', session);
  if (streamKey !== undefined) hashes += tagOf('stream-key', streamKey);
  return bytesOf(hashes);
}

/** The hashes of a user and of each id of their sign-in, as a text with a character for each byte. */
export function hashesOfSignIn({ issuer, subject, signIns = [] }: SignIn): string {
  let hashes = personOf(issuer, subject);
  for (const id of signIns) hashes += tagOf('sign-in', id);
  return hashes;
}

/** The ids of every row that denies somebody with these hashes. A tag of zeros, which fills a block up, names nobody. */
export function rowIdsOf(hashes: Buffer): readonly string[] {
  const tags: string[] = [];
  for (let at = PERSON_BYTES; at + TAG_BYTES <= hashes.length; at += TAG_BYTES) {
    const tag = hashes.subarray(at, at + TAG_BYTES);
    if (tag.some((byte) => byte !== 0)) tags.push(tagId(tag));
  }
  const person = hashes.subarray(0, PERSON_BYTES);
  return [...new Set([subjectId(person.subarray(0, SUBJECT_BYTES)), subjectId(person), ...tags])];
}

/** The id of the row that denies a user, a sign-in, a session, a token or a stream key. */
export function rowIdOf({ kind, value, issuer }: Denied): string {
  if (kind !== 'sub') return tagId(bytesOf(tagOf(kind, value)));
  return subjectId(bytesOf(issuer === undefined ? hashOfSubject(value) : personOf(issuer, value)));
}

function personOf(issuer: string, subject: string): string {
  return hashOfSubject(subject) + hashOfIssuer(issuer);
}

function hashOfSubject(subject: string): string {
  return hashOf('sub', subject, SUBJECT_BYTES);
}

function hashOfIssuer(issuer: string): string {
  return hashOf('iss', issuer, ISSUER_BYTES);
}

function tagOf(kind: Exclude<DenialKind, 'sub'>, value: string): string {
  return hashOf(kind, value, TAG_BYTES);
}

/**
 * The hash that a row's id is made of: 10 bytes for a subject, 16 for a user, 8 for an id; `undefined` if it is not a row of
 * ours.
 */
export function hashOfRow(rowId: string): Buffer | undefined {
  const [, kind, text = ''] = /^(sub|id)#([\w-]+)$/.exec(rowId) ?? [];
  const found = Buffer.from(text, 'base64url');
  const lengths = kind === 'sub' ? [SUBJECT_BYTES, PERSON_BYTES] : [TAG_BYTES];
  return kind !== undefined && lengths.includes(found.length) ? found : undefined;
}

/** The user with this hash of a subject, at an issuer. */
export function userOf(subject: Buffer, issuer: string): Buffer {
  return Buffer.concat([subject, bytesOf(hashOfIssuer(issuer))]);
}

const subjectId = (bytes: Buffer): string => `sub#${bytes.toString('base64url')}`;
const tagId = (bytes: Buffer): string => `id#${bytes.toString('base64url')}`;

/**
 * The kind is hashed too, so that a session that is called like a sign-in is not denied with it. A text with a character for
 * each byte, because `hash` takes five times as long to make a buffer.
 */
function hashOf(kind: string, value: string, bytes: number): string {
  return hash('sha256', `${kind}\n${value}`, 'binary').slice(0, bytes);
}

function bytesOf(hashes: string): Buffer {
  return Buffer.from(hashes, 'binary');
}
