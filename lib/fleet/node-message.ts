import * as v from 'valibot';
import { decodeCompactJws } from '../jws/compact.ts';
import { hmacKey, signHs256 } from '../jws/sign-hs256.ts';
import { hasValidSignature } from '../jws/verify.ts';
import { fingerprintOf, checkSharedSecret, kidOf } from '../signing-keys/secret.ts';
import type { ServerSecret } from '../rotation/ports.ts';
import { nodeReport } from './node-report.ts';
import { rowIdOf } from './reported-nodes.ts';

/** How old a node's message may be, and how far ahead of our clock, in seconds. */
const LIFETIME_SECONDS = 60;
/** Longest message, in characters. */
const MOST_CHARACTERS = 8192;

/** What every message of a node contains. */
export const signedBase = {
  /** The target's name and the purpose. */
  aud: v.string(),
  /** The name of the node for operators. */
  node: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,128}$/)),
  /** A value that only this node knows, so that no other node can change its report. */
  instance: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22,64}$/)),
  /** Epoch seconds, with a fraction. */
  iat: v.number(),
  jti: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
};

const claims = v.object({
  ...signedBase,
  report: nodeReport,
  /** The node stops serving. */
  goodbye: v.optional(v.literal(true)),
});

/** A node's report, signed with the secret that it holds. */
export type NodeMessage = v.InferOutput<typeof claims>;

/** Why a message is refused. */
export interface Refused {
  readonly ok: false;
  readonly reason: 'message_malformed' | 'message_unproven' | 'message_stale' | 'message_replayed';
}

/** The HTTP status of each reason. A node tries again at its next turn; its report does not count as accepted. */
export const MESSAGE_STATUS = {
  message_malformed: 400,
  message_unproven: 401,
  message_stale: 401,
  message_replayed: 409,
} as const satisfies Readonly<Record<Refused['reason'], number>>;

/** A verified message, or the reason of its refusal. */
export type VerifiedMessage<Message = NodeMessage> =
  | { readonly ok: true; readonly message: Message; readonly id: string; readonly signedWith: string }
  | Refused;

/** The message as a JWT (HS256). */
export function signMessage(message: NodeMessage, { versionId, text }: ServerSecret): string {
  const checked = checkSharedSecret({ SecretString: text });
  if (!checked.usable) throw new TypeError('a node signs with a secret');
  return signHs256({ ...message }, { ...checked.material, kid: kidOf(versionId) });
}

/**
 * Verifies that a message was signed with a live version within the last minute. The signature proves which version the node
 * holds, so a report with another fingerprint is refused. Does not notice a replay: the table does.
 *
 * @param token attacker-controlled
 */
export async function verifyMessage(
  token: string,
  target: string,
  versions: readonly ServerSecret[],
  now: number,
): Promise<VerifiedMessage> {
  const verified = await verifySigned(token, target, claims, versions, now);
  if (!verified.ok) return verified;
  const { report } = verified.message;
  const { versionId, text } = versions.find((version) => version.versionId === verified.signedWith)!;
  const said = [report.fingerprint, report.ring?.[kidOf(versionId)]].filter((one) => one !== undefined);
  const isProven = said.length > 0 || report.ring === undefined;
  if (!isProven || said.some((fingerprint) => fingerprint !== fingerprintOf(text)))
    return { ok: false, reason: 'message_unproven' };
  return verified;
}

/**
 * A message of this form and audience that was signed with a live version within the last minute. Does not notice a replay.
 *
 * @param token attacker-controlled
 */
export async function verifySigned<
  Message extends Readonly<Record<'aud' | 'node' | 'instance', string>> & { readonly iat: number },
>(
  token: string,
  audience: string,
  schema: v.GenericSchema<unknown, Message>,
  versions: readonly ServerSecret[],
  now: number,
): Promise<VerifiedMessage<Message>> {
  if (token.length > MOST_CHARACTERS) return { ok: false, reason: 'message_malformed' };
  const jws = decodeCompactJws(token);
  if (jws === undefined) return { ok: false, reason: 'message_unproven' };
  for (const { versionId, text } of versions) {
    if (!(await hasValidSignature(token, hmacKey(text), 'HS256'))) continue;
    const parsed = v.safeParse(schema, jws.claims);
    if (!parsed.success || parsed.output.aud !== audience) return { ok: false, reason: 'message_malformed' };
    const { iat } = parsed.output;
    if (Math.abs(now - iat) > LIFETIME_SECONDS) return { ok: false, reason: 'message_stale' };
    return { ok: true, message: parsed.output, id: rowIdOf(parsed.output), signedWith: versionId };
  }
  return { ok: false, reason: 'message_unproven' };
}
