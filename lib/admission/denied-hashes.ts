import { createHash } from 'node:crypto';
import type { SubjectForm } from '../media-servers/target.ts';
import { hashOfRow, PERSON_BYTES, TAG_BYTES, userOf } from './deny-rows.ts';
import { hashAt } from './for-whom.ts';

/**
 * What a server needs to end the sessions of denied users: hashes from the `for` of their tokens. They
 * name nobody, and those of a pairwise target mean nothing at another one.
 */

/** A row of a deny table, as far as servers are told of it. */
export interface DeniedRow {
  readonly id: string;
  /** What it denies; a row of version 0.1 does not say it. */
  readonly kind?: string;
}

/**
 * The hashes of these rows in a target's tokens, in hex and sorted, so that their order tells nothing: 8 bytes for an id, 10
 * for a subject of any issuer, 16 for a user, or for each of them at a pairwise target. A row that denies a token stands as
 * it is, because the hash is that of `jti`, which a token shows to everybody.
 *
 * @param issuers those of the configuration
 */
export function deniedHashes(
  rows: readonly DeniedRow[],
  form: SubjectForm,
  targetName: string,
  issuers: readonly string[],
): readonly string[] {
  const atTarget = hashAt(form, targetName);
  const hashes = rows.flatMap(({ id, kind }) => {
    const hash = hashOfRow(id);
    if (hash === undefined) return [];
    const isOfAnyIssuer = hash.length !== PERSON_BYTES && hash.length !== TAG_BYTES;
    if (form !== 'public' && isOfAnyIssuer) return issuers.map((issuer) => atTarget(userOf(hash, issuer)));
    return kind === 'token' ? [hash] : [atTarget(hash)];
  });
  return [...new Set(hashes.map((hash) => hash.toString('hex')))].toSorted();
}

/** The name of a list of hashes: two lists with the same name are the same. */
export function nameOfHashes(hashes: readonly string[]): string {
  return createHash('sha256').update(hashes.join('\n')).digest('hex').slice(0, 32);
}
