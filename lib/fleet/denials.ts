import * as v from 'valibot';
import { nameOfHashes } from '../admission/denied-hashes.ts';
import { signHs256 } from '../jws/sign-hs256.ts';
import type { ServerSecret } from '../rotation/ports.ts';
import { checkSharedSecret, kidOf } from '../signing-keys/secret.ts';
import { signedBase, verifySigned, type Refused } from './node-message.ts';
import type { NodeTable } from './reported.ts';

/**
 * Agents ask every few seconds who is denied, and write the answer into a file that a module of their server reads. Each
 * question reports which list is in force in the server and how many connections were ended for it. This is kept for `npm run
 * deny`.
 */

const listName = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));

const question = v.object({
  ...signedBase,
  /** The list that is in force in the server; left out if that is not known. */
  holds: v.optional(listName),
  /** Sessions that this list has ended. */
  ended: v.pipe(v.number(), v.integer(), v.minValue(0)),
});
type Question = v.InferOutput<typeof question>;

/** What streampass answers; the hashes are left out if the node's server has this list. */
export const denialsAnswer = v.object({ list: listName, denied: v.optional(v.array(v.string())) });
/** A parsed {@link denialsAnswer}. */
export type DenialsAnswer = v.InferOutput<typeof denialsAnswer>;

const rowSchema = v.object({
  ...v.pick(question, ['node', 'iat', 'holds', 'ended']).entries,
  id: v.string(),
  /** Epoch seconds, by our clock. */
  seenAt: v.number(),
});

/** What a node reported about its server. */
export type ToldNode = v.InferOutput<typeof rowSchema>;

/** An agent asks every 4 s. After this many seconds of silence it counts as stopped. */
const SILENT_AFTER = 60;

/** The key of a target's nodes in the table of nodes. No target's name contains a slash. */
export function denialsOf(target: string): string {
  return `${target}/denials`;
}

/** The question as a JWT (HS256). */
export function signQuestion(
  asked: Omit<Question, 'aud'>,
  target: string,
  { versionId, text }: ServerSecret,
): string {
  const checked = checkSharedSecret({ SecretString: text });
  if (!checked.usable) throw new TypeError('a node signs with a secret');
  const claims = { ...asked, aud: denialsOf(target) };
  return signHs256(claims, { ...checked.material, kid: kidOf(versionId) });
}

/**
 * Answers a node and keeps what it reported, if its question is signed with a live secret.
 *
 * @param token attacker-controlled
 * @param deps.hashes reads the hashes of all denied users in tokens of this target; called only if the question is verified
 */
export async function answerQuestion(
  token: string,
  deps: {
    readonly target: string;
    readonly versions: readonly ServerSecret[];
    readonly hashes: () => Promise<readonly string[]>;
    readonly table: Pick<NodeTable, 'put'>;
    readonly now: number;
  },
): Promise<{ readonly ok: true; readonly answer: DenialsAnswer } | Refused> {
  const { target, versions, table, now } = deps;
  const verified = await verifySigned(token, denialsOf(target), question, versions, now);
  if (!verified.ok) return verified;
  const { node, iat, holds, ended } = verified.message;
  const hashes = await deps.hashes();
  const said = { node, iat, ended, ...(holds !== undefined && { holds }) };
  const row: ToldNode = { id: verified.id, seenAt: now, ...said };
  if (!(await table.put(denialsOf(target), row, now + SILENT_AFTER)))
    return { ok: false, reason: 'message_replayed' };
  const list = nameOfHashes(hashes);
  return { ok: true, answer: { list, ...(holds !== list && { denied: [...hashes] }) } };
}

/** The nodes whose agents ask who is denied. */
export function toldNodes(rows: readonly unknown[], now: number): readonly ToldNode[] {
  return rows.flatMap((row) => {
    const parsed = v.safeParse(rowSchema, row);
    return parsed.success && now - parsed.output.seenAt < SILENT_AFTER ? [parsed.output] : [];
  });
}

/** The file that the server's module reads. */
export function toDeniedFile(list: string, hashes: readonly string[]): string {
  return `streampass-denied ${list}\n${hashes.map((hash) => `${hash}\n`).join('')}`;
}

/**
 * What is in force in the server: the list that its module wrote beside the file, and the number of sessions that were ended
 * for it. Empty if the file no longer holds that list, because a server that starts again would not know it.
 */
export function inForce(
  file: string,
  done: string,
): { readonly holds: string; readonly ended: number } | undefined {
  const [, holds = '', ended] = /^([0-9a-f]{32}) (\d{1,9})\n$/.exec(done) ?? [];
  return holds !== '' && file.startsWith(`streampass-denied ${holds}\n`)
    ? { holds, ended: Number(ended) }
    : undefined;
}
