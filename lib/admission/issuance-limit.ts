import { roomIn } from '../oldest-key.ts';
import type { Now } from '../ports.ts';

/** Counts what each subject asks for. */
export interface IssuanceLimit {
  /** Takes one of a subject's tokens; 0, or the seconds after which there is one again. */
  take(issuer: string, subject: string): number;
}

/** Subjects that are counted at one time; the one that has been counted longest goes first. */
const CAPACITY = 10_000;

/**
 * A bucket for each subject that holds one minute's tokens and fills evenly, so that a burst is served and a loop is slowed
 * down. It is counted in one process: many instances of a function allow as many times as much.
 */
export function createIssuanceLimit(tokensPerMinute: number, now: Now): IssuanceLimit {
  const perSecond = tokensPerMinute / 60;
  const buckets = new Map<string, { left: number; filledAt: number }>();
  const makeRoom = roomIn(buckets, CAPACITY);
  return {
    take(issuer, subject) {
      const key = `${issuer}\n${subject}`; // An issuer is a URL, so it holds no line break.
      const at = now();
      let bucket = buckets.get(key);
      if (bucket === undefined) {
        makeRoom();
        bucket = { left: tokensPerMinute, filledAt: at };
        buckets.set(key, bucket);
      }
      const elapsed = Math.max(0, at - bucket.filledAt);
      bucket.left = Math.min(tokensPerMinute, bucket.left + elapsed * perSecond);
      bucket.filledAt = at;
      if (bucket.left < 1) return Math.ceil((1 - bucket.left) / perSecond);
      bucket.left -= 1;
      return 0;
    },
  };
}
