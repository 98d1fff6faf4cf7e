import { optionalTags, optionalTexts } from '../input.ts';
import { invalidParameter } from '../service-error.ts';
import type { Tag } from '../store.ts';
import { withSecret } from '../store.ts';
import type { Operation } from './operation.ts';
import { findUsableSecret } from './operation.ts';

const MAX_TAGS = 50;

/** Merges: the last write of a key wins, without a condition. @see AWS Secrets Manager API, TagResource */
export const tagResource: Operation = (store, input, { nowMs }) => {
  const tags = optionalTags(input);
  if (!tags) throw invalidParameter('You must provide a value for Tags.');
  const secret = findUsableSecret(store, input);
  const changed = { ...secret, tags: mergeTags(secret.tags, tags), changedMs: nowMs };
  return { store: withSecret(store, changed), output: {} };
};

/** Keys that the secret does not have are ignored. @see AWS Secrets Manager API, UntagResource */
export const untagResource: Operation = (store, input, { nowMs }) => {
  const keys = optionalTexts(input, 'TagKeys', { min: 0, max: 200, maxLength: 128 });
  if (!keys) throw invalidParameter('You must provide a value for TagKeys.');
  const secret = findUsableSecret(store, input);
  const tags = secret.tags.filter(({ key }) => !keys.includes(key));
  if (tags.length === secret.tags.length) return { store, output: {} };
  return { store: withSecret(store, { ...secret, tags, changedMs: nowMs }), output: {} };
};

/**
 * The tags with the added ones in the place of those of the same key.
 *
 * @throws {ServiceError} InvalidParameterException: more than 50 tags, or a key in AWS's own `aws:` namespace
 */
export function mergeTags(tags: readonly Tag[], added: readonly Tag[]): readonly Tag[] {
  if (added.some(({ key }) => key.startsWith('aws:'))) {
    throw invalidParameter('Tag keys that start with aws: are reserved.');
  }
  const merged = new Map([...tags, ...added].map(({ key, value }) => [key, value]));
  if (merged.size > MAX_TAGS) throw invalidParameter(`A secret can have at most ${MAX_TAGS} tags.`);
  return [...merged].map(([key, value]) => ({ key, value }));
}
