import { createHash } from 'node:crypto';
import { CAPS_CLAIM, readCaps } from '../policy/caps.ts';
import type { NewId, Now, Within } from '../ports.ts';
import type { Question } from './callback.ts';
import type { Verdict } from './verifier.ts';
import type { VerifiedToken } from './verify-token.ts';

/** A slot that somebody holds, or a stream that is live. Times are epoch seconds. */
export interface StreamItem {
  readonly id: string;
  /** Who holds it: one connection. */
  readonly holder: string;
  readonly startedAt: number;
  /** When it counts no more, whatever happens. */
  readonly expiresAt: number;
  /** Slots that end with it. */
  readonly slots?: readonly string[];
}

/** A table of slots and live streams, outside of this process. Each method rejects if it cannot tell. */
export interface StreamTable {
  /** Writes an item, unless one of this id is there that another holder has and that has not ended; whether it did. */
  take(item: StreamItem, now: number): Promise<boolean>;
  /** Removes the item of this id if this holder has it (left out: any holder), and returns its former value. */
  remove(id: string, holder?: string): Promise<StreamItem | undefined>;
}

/** What streams are counted with. */
export interface StreamsDeps {
  /** Left out, nobody gets in whose token has a cap, and nobody knows how long a stream lasted. */
  readonly table: StreamTable | undefined;
  readonly now: Now;
  readonly newId: NewId;
  readonly within: Within;
}

/** Counts the streams that callbacks let in. */
export interface Streams {
  /**
   * A verdict, after the caps of the token: `cap_reached`, or `cap_unavailable` if nobody can count. A token without caps
   * costs nothing, unless the server will report the end of the stream.
   */
  begin(verdict: Verdict, question: Question): Promise<Verdict>;
  /** Frees what a stream holds; its length in seconds, if its begin is known. */
  end(token: VerifiedToken, question: Question): Promise<number | undefined>;
}

/** How long one request waits for the table, in seconds. */
const WAIT_LIMIT_SECONDS = 4;
/** How long it tries to free what it took in vain, in seconds. */
const GIVE_BACK_SECONDS = 1;
/** A time at which everything has ended. */
const WHOEVER_HAS_IT = Number.MAX_SAFE_INTEGER;
/** How long the begin of a stream is remembered, in seconds. */
const LONGEST_STREAM = 7 * 24 * 3600;

/**
 * Counts in a table by conditional writes. A cap of N is N slots, each an item that one connection at a time can write: so
 * however many ask at once, exactly N get in. A slot is free again when the server reports the end, else when its token ends.
 */
export function createStreams({ table, now, newId, within }: StreamsDeps): Streams {
  /** The first slot of these that is free; each that is tried is noted first. */
  async function takeSlot(ids: readonly string[], item: Omit<StreamItem, 'id'>, tried: string[]) {
    for (const id of ids) {
      tried.push(id);
      if (await table?.take({ ...item, id }, now())) return id;
      tried.pop();
    }
    return undefined;
  }

  async function takeAll(
    token: VerifiedToken,
    question: Question,
    holder: string,
    tried: string[],
  ): Promise<boolean> {
    const { concurrent, uses } = readCaps(token.claims[CAPS_CLAIM]);
    const item = { holder, startedAt: now(), expiresAt: token.expiresAt };
    const person = digest([token.targetName, token.person ?? token.grant.subject]);
    const useSlots = slotIds('use', digest([String(token.claims['jti'])]), uses);
    const liveSlots = slotIds('live', person, concurrent);
    for (const slots of [useSlots, liveSlots]) {
      if (slots !== undefined && (await takeSlot(slots, item, tried)) === undefined) return false;
    }
    if (question.reportsEnd) {
      const slots = tried.filter((id) => liveSlots?.includes(id));
      const stream = { ...item, id: streamId(token, question), expiresAt: now() + LONGEST_STREAM, slots };
      await table?.take(stream, WHOEVER_HAS_IT);
    }
    return true;
  }

  return {
    async begin(verdict, question) {
      if (!verdict.ok) return verdict;
      const { token } = verdict;
      const hasCaps = token.claims[CAPS_CLAIM] !== undefined;
      if (!hasCaps && (!question.reportsEnd || table === undefined)) return verdict;
      if (table === undefined) return { ok: false, problem: 'cap_unavailable', token };
      const holder = question.connection ?? newId();
      const tried: string[] = [];
      const giveBack = () => Promise.allSettled(tried.map((id) => table.remove(id, holder)));
      try {
        if (await within(takeAll(token, question, holder, tried), WAIT_LIMIT_SECONDS)) return verdict;
        await within(giveBack(), WAIT_LIMIT_SECONDS);
        return { ok: false, problem: 'cap_reached', token };
      } catch {
        // Without a cap, the table only remembers when a stream began.
        if (!hasCaps) return verdict;
        await within(giveBack(), GIVE_BACK_SECONDS).catch(() => undefined);
        return { ok: false, problem: 'cap_unavailable', token };
      }
    },
    async end(token, question) {
      if (table === undefined) return undefined;
      try {
        const item = await within(table.remove(streamId(token, question)), WAIT_LIMIT_SECONDS);
        if (item === undefined) return undefined;
        const { slots = [], holder, startedAt } = item;
        await within(Promise.all(slots.map((id) => table.remove(id, holder))), WAIT_LIMIT_SECONDS);
        return Math.max(0, Math.round(now() - startedAt));
      } catch {
        return undefined;
      }
    },
  };
}

/** One id a slot; `undefined` without a cap. */
function slotIds(kind: 'use' | 'live', of: string, count: number | undefined): readonly string[] | undefined {
  if (count === undefined) return undefined;
  return Array.from({ length: count }, (_, index) => `${kind}#${of}#${index}`);
}

/** One stream of one token. */
function streamId({ targetName, claims }: VerifiedToken, { stream }: Question): string {
  return `stream#${digest([targetName, stream ?? '', String(claims['jti'])])}`;
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
