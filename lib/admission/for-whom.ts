import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { Identity } from '../identity/identity.ts';
import type { SubjectForm } from '../media-servers/target.ts';
import { hashesOf, hashesOfSignIn, PERSON_BYTES, rowIdOf, rowIdsOf, TAG_BYTES } from './deny-rows.ts';
import type { Whom } from './deny-rows.ts';

/**
 * The claim `for` of a streaming token: for whom and for which sign-in it was issued, as hashes. Media servers ignore it;
 * callbacks, the authorizer and server plugins look its rows up in the deny table.
 *
 * A target with pairwise subjects must not learn who somebody is elsewhere. Its tokens hold the hashes encrypted (AES-128,
 * each in a block of its own) under a key made of the salt and the target's name. Without the salt that is a keyed hash. With
 * it one finds the same rows as for any other target.
 */

/** The claim's name. */
export const FOR_WHOM_CLAIM = 'for';

/** Claims of an identity token that name a sign-in: OpenID Connect Front-Channel Logout 1.0, Amazon Cognito, RFC 7519. */
const SIGN_IN_CLAIMS = ['sid', 'origin_jti', 'jti'];

/** The claim that names the session of a token, if the client named it and the target's own claims do not. */
export const SESSION_CLAIM = 'session';

/** Who asks for a token: a user by their identity, in a session if they named one. */
export function whomOf(identity: Identity, session?: string): Whom {
  const { issuer, subject, claims, streamKey, hashes } = identity;
  const signIns = hashes === undefined ? signInsIn(claims) : [];
  return { issuer, subject, signIns, session, streamKey, hashes };
}

/** The hashes of a user and of their sign-in: they are the same in each exchange of a subject token. */
export function hashesOfIdentity({ issuer, subject, claims }: Identity): string {
  return hashesOfSignIn({ issuer, subject, signIns: signInsIn(claims) });
}

/** The sign-ins that claims name, each once. */
function signInsIn(claims: Identity['claims']): readonly string[] {
  const ids: string[] = [];
  for (const name of SIGN_IN_CLAIMS) {
    const id = claims[name];
    if (typeof id === 'string' && id !== '' && !ids.includes(id)) ids.push(id);
  }
  return ids;
}

/** The claim's value: base64url of 16 bytes and 8 for each id (16 at a pairwise target), without padding. */
export function toForWhom(whom: Whom, form: SubjectForm, targetName: string): string {
  const hashes = hashesOf(whom);
  if (form === 'public') return hashes.toString('base64url');
  const parts = [hashes.subarray(0, PERSON_BYTES)];
  for (let at = PERSON_BYTES; at < hashes.length; at += TAG_BYTES)
    parts.push(hashes.subarray(at, at + TAG_BYTES));
  return Buffer.concat(parts.map(hashAt(form, targetName))).toString('base64url');
}

/** Makes a hash of a user (16 bytes) or of an id (8 bytes) into what a target's tokens hold in its place. */
export function hashAt(form: SubjectForm, targetName: string): (hash: Buffer) => Buffer {
  if (form === 'public') return (hash) => hash;
  const key = keyOf(form.pairwiseSalt, targetName);
  return (hash) => {
    const block = Buffer.concat([hash, Buffer.alloc(BLOCK_BYTES - hash.length)]);
    const cipher = createCipheriv(CIPHER, key, null).setAutoPadding(false);
    return Buffer.concat([cipher.update(block), cipher.final()]);
  };
}

/** A streaming token whose signature was verified. */
export interface IssuedFor {
  readonly targetName: string;
  readonly form: SubjectForm;
  /** The user, as the target sees them. */
  readonly subject: string;
  readonly session?: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The rows that deny a streaming token, and the one of them that names its user and issuer, if the token says them. */
export interface TokenRows {
  readonly ids: readonly string[];
  readonly person?: string;
}

/**
 * The rows that deny a streaming token; `undefined` if its claim is none of ours. A token without the claim
 * comes from a version before 0.2: its user is looked for under each issuer.
 *
 * @param issuers those of the configuration
 */
export function rowIdsOfToken(token: IssuedFor, issuers: readonly string[]): TokenRows | undefined {
  const { claims, form, targetName, session } = token;
  const saysForWhom = Object.hasOwn(claims, FOR_WHOM_CLAIM);
  const person = saysForWhom
    ? [readForWhom(claims[FOR_WHOM_CLAIM], form, targetName)]
    : issuers.map((issuer) => hashesOf({ issuer, subject: token.subject }));
  const hashes = person.filter((one) => one !== undefined);
  if (hashes.length < person.length) return undefined;
  const ids = [
    ...hashes.flatMap(rowIdsOf),
    rowIdOf({ kind: 'token', value: String(claims['jti']) }),
    ...(session === undefined ? [] : [rowIdOf({ kind: 'session', value: session })]),
  ];
  const [, user] = ids;
  return { ids: [...new Set(ids)], ...(saysForWhom && user !== undefined && { person: user }) };
}

/** The hashes in the claim; `undefined` if it is none of ours. */
function readForWhom(claim: unknown, form: SubjectForm, targetName: string): Buffer | undefined {
  if (typeof claim !== 'string' || !/^[\w-]+$/.test(claim)) return undefined;
  const bytes = Buffer.from(claim, 'base64url');
  if (bytes.length < PERSON_BYTES || bytes.length % 8 !== 0) return undefined;
  if (form === 'public') return bytes;
  if (bytes.length % BLOCK_BYTES !== 0) return undefined;
  const cipher = createDecipheriv(CIPHER, keyOf(form.pairwiseSalt, targetName), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
}

const CIPHER = 'aes-128-ecb';
const BLOCK_BYTES = 16;

function keyOf(salt: string, targetName: string): Buffer {
  return createHmac('sha256', salt).update(`streampass for ${targetName}`).digest().subarray(0, BLOCK_BYTES);
}
