import * as v from 'valibot';
import { decodeCompactJws } from '../jws/compact.ts';
import { hmacKey, signHs256 } from '../jws/sign-hs256.ts';
import type { SigningKey } from '../jws/sign.ts';
import { isSignedBy } from '../jws/verify.ts';
import { checkSharedSecret, kidOf } from '../signing-keys/secret.ts';
import type { ServerSecret } from '../rotation/ports.ts';
import { fingerprintOfVersion, nodeReport } from './node-report.ts';
import { rowIdOf } from './reported-nodes.ts';

/** How old a node's message may be, and how far ahead of our clock, in seconds. */
const LIFETIME_SECONDS = 60;
/** Longest message, in characters. */
const MOST_CHARACTERS = 8192;

/** Longest message that can be verified by KMS (KMS API reference, VerifyMac), in characters. */
const ALWAYS_VERIFIED = 4096;

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

/** The message as a JWT (HS256). If it is too long, the last problems are left out. */
export function signMessage(message: NodeMessage, key: ServerSecret): string {
  const checked = checkSharedSecret({ SecretString: key.text });
  if (!checked.usable) throw new TypeError('a node signs with a secret');
  const signed = signHs256({ ...message }, { ...checked.material, kid: kidOf(key.versionId) });
  const { report } = message;
  if (signed.length <= ALWAYS_VERIFIED || report.problems.length === 0) return signed;
  return signMessage({ ...message, report: { ...report, problems: report.problems.slice(0, -1) } }, key);
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
  const version = versions.find(({ versionId }) => versionId === verified.signedWith)!;
  const fingerprintHere = fingerprintOfVersion(version);
  const said = [report.fingerprint, report.ring?.[kidOf(version.versionId)]].filter(
    (one) => one !== undefined,
  );
  const isProven = said.length > 0 || report.ring === undefined;
  if (!isProven || said.some((fingerprint) => fingerprint !== fingerprintHere))
    return { ok: false, reason: 'message_unproven' };
  return verified;
}

/**
 * A message of this form and audience that was signed with a live version within the last minute. Does not notice a replay. If KMS
 * holds the key, it is asked only about a message that nothing else is wrong with.
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
  const read = readClaims(jws.claims);
  // It names the version that the node should hold, and is signed with the one that its server does hold.
  const namesLive = versions.some(({ versionId }) => kidOf(versionId) === jws.header['kid']);
  for (const version of versions) {
    if (version.kms && ('problem' in version.kms || !read.ok || !namesLive)) continue;
    if (await isSignedBy(token, keyOf(version)))
      return read.ok ? { ...read, id: rowIdOf(read.message), signedWith: version.versionId } : read;
  }
  return read.ok || !versions.some(({ kms }) => kms) ? { ok: false, reason: 'message_unproven' } : read;

  function readClaims(claims: unknown): { readonly ok: true; readonly message: Message } | Refused {
    const parsed = v.safeParse(schema, claims);
    if (!parsed.success || parsed.output.aud !== audience) return { ok: false, reason: 'message_malformed' };
    const isStale = Math.abs(now - parsed.output.iat) > LIFETIME_SECONDS;
    return isStale ? { ok: false, reason: 'message_stale' } : { ok: true, message: parsed.output };
  }
}

function keyOf({ versionId, text, kms }: ServerSecret): SigningKey {
  const material =
    kms === undefined || 'problem' in kms ? ({ alg: 'HS256', key: hmacKey(text) } as const) : kms;
  return { ...material, kid: kidOf(versionId) };
}
