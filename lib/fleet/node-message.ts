import { createHash } from 'node:crypto';
import { jwtVerify } from 'jose';
import * as v from 'valibot';
import { signCompact } from '../jws/sign.ts';
import { fingerprintOf, judgeSecret, kidOf } from '../signing-keys/secret.ts';
import type { ServerSecret } from '../rotation/ports.ts';
import { nodeReport } from './node-report.ts';

/** How old a node's message may be, and how far ahead of our clock, in seconds. */
const LIFETIME_SECONDS = 60;
/** Longest message, in characters. */
const MOST_CHARACTERS = 8192;

const claims = v.object({
  /** The target's name. */
  aud: v.string(),
  /** The name that people know the node by. */
  node: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,128}$/)),
  /** What only this node knows: nobody else can change what it said. */
  instance: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22,64}$/)),
  /** Epoch seconds, with a fraction. */
  iat: v.number(),
  jti: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  report: nodeReport,
  /** The node stops serving. */
  goodbye: v.optional(v.literal(true)),
});

/** What a node tells streampass, signed with the secret that it holds. */
export type NodeMessage = v.InferOutput<typeof claims>;

/** A message that was proven, or the reason why it was not. */
export type VerifiedMessage =
  | { readonly ok: true; readonly message: NodeMessage; readonly id: string; readonly signedWith: string }
  | { readonly ok: false; readonly reason: 'message_malformed' | 'message_unproven' | 'message_stale' };

/** The message as a JWT (HS256). */
export function signMessage(message: NodeMessage, { versionId, text }: ServerSecret): string {
  const judged = judgeSecret({ SecretString: text }, 'HS256');
  if (!judged.usable) throw new TypeError('a node signs with a secret');
  return signCompact({ ...message }, { alg: 'HS256', kid: kidOf(versionId), key: judged.key });
}

/**
 * Whether a message was signed with a live version within the last minute. The signature proves what the node holds: a
 * report of another fingerprint than that version's is refused. Does not notice a replay, which is the table's part.
 *
 * @param token attacker-controlled
 */
export async function verifyMessage(
  token: string,
  target: string,
  versions: readonly ServerSecret[],
  now: number,
): Promise<VerifiedMessage> {
  if (token.length > MOST_CHARACTERS) return { ok: false, reason: 'message_malformed' };
  for (const { versionId, text } of versions) {
    const payload = await jwtVerify(token, new TextEncoder().encode(text), {
      algorithms: ['HS256'],
      currentDate: new Date(now * 1000),
    }).then(
      (verified) => verified.payload,
      () => undefined,
    );
    if (payload === undefined) continue;
    const parsed = v.safeParse(claims, payload);
    if (!parsed.success || parsed.output.aud !== target) return { ok: false, reason: 'message_malformed' };
    const { iat, report, instance } = parsed.output;
    if (Math.abs(now - iat) > LIFETIME_SECONDS) return { ok: false, reason: 'message_stale' };
    const said = [report.fingerprint, report.ring?.[kidOf(versionId)]].filter((one) => one !== undefined);
    const isProven = said.length > 0 || report.ring === undefined;
    if (!isProven || said.some((fingerprint) => fingerprint !== fingerprintOf(text)))
      return { ok: false, reason: 'message_unproven' };
    return { ok: true, message: parsed.output, id: idOf(instance), signedWith: versionId };
  }
  return { ok: false, reason: 'message_unproven' };
}

/** The name of a node's row: of what only it knows, the hash, so that reading the table lets nobody write it. */
function idOf(instance: string): string {
  return createHash('sha256').update(instance).digest('hex').slice(0, 32);
}
