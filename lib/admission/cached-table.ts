import { OAuthError } from '../oauth/oauth-error.ts';
import { roomIn } from '../oldest-key.ts';
import type { Now, Within } from '../ports.ts';

/** The table of denied users and sign-ins, outside of this process. */
export interface DenyTable {
  /** Which of these keys it holds and until when: epoch seconds, `Infinity` for ever. Rejects if it cannot be read. */
  find(keys: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/** What a cached table is made of. */
export interface CachedTableOptions {
  readonly table: DenyTable;
  readonly now: Now;
  readonly within: Within;
}

/** How long an answer of the table is cached, in seconds. A new denial takes effect within this time. */
export const DENY_CACHE_SECONDS = 10;
/** How long one request waits for the table, in seconds. */
const PATIENCE = 1;
/** How many answers are kept; the oldest are dropped first. */
const CAPACITY = 4096;

/** What a table said of one key; epoch seconds. */
interface Answer {
  readonly deniedUntil: number;
  readonly askedAt: number;
}

/** Whether a table holds one of some keys now. */
export type DeniedNow = (keys: readonly string[]) => Promise<boolean>;

/**
 * Asks a table for each key once in ten seconds. If the table does not answer, the request is neither denied nor accepted:
 * the client is told to try again.
 *
 * The function it returns throws {OAuthError} `deny_list_unavailable`.
 */
export function createCachedTable({ table, now, within }: CachedTableOptions): DeniedNow {
  const answers = new Map<string, Answer>();
  const makeRoom = roomIn(answers, CAPACITY);

  /** When the denial of a key ends; `undefined` if the table has to be asked. */
  function recall(key: string): number | undefined {
    const answer = answers.get(key);
    const age = answer === undefined ? Infinity : now() - answer.askedAt;
    return age >= 0 && age <= DENY_CACHE_SECONDS ? answer?.deniedUntil : undefined;
  }

  async function ask(keys: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const askedAt = now();
    try {
      const found = await within(table.find(keys), PATIENCE);
      for (const key of keys) keep(key, { deniedUntil: found.get(key) ?? -Infinity, askedAt });
      return found;
    } catch (cause) {
      throw new OAuthError('deny_list_unavailable', undefined, { cause });
    }
  }

  function keep(key: string, answer: Answer): void {
    answers.delete(key);
    makeRoom();
    answers.set(key, answer);
  }

  return async (keys) => {
    const recalled = keys.map((key) => ({ key, until: recall(key) }));
    const unknown = recalled.filter(({ until }) => until === undefined).map(({ key }) => key);
    const found = unknown.length > 0 ? await ask(unknown) : undefined;
    return recalled.some(({ key, until }) => (until ?? found?.get(key) ?? -Infinity) > now());
  };
}
