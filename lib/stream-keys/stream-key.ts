import * as v from 'valibot';
import type { Identity } from '../identity/identity.ts';
import { decodeCompactJws } from '../jws/compact.ts';
import { signCompact, type SigningKey } from '../jws/sign.ts';
import { isSignedBy } from '../jws/verify.ts';
import { TRANSPORTS, type Transport } from '../policy/grant.ts';

/**
 * A long-lived, revocable grant for one target, room and stream. It opens no media server: it is exchanged for a token each
 * time, by today's rules, for the identity that its owner had when it was made.
 */
export interface StreamKey {
  /** What it is revoked by. */
  readonly id: string;
  /** Its owner. `expiresAt` is the key's own end. */
  readonly owner: Identity;
  readonly target: string;
  readonly room: string;
  readonly stream: string;
  readonly actions: readonly string[];
  /** Empty for a target that knows no transports. */
  readonly transports: readonly Transport[];
  /** Epoch seconds. */
  readonly issuedAt: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** Longest stream key, in characters: what an encoder's settings take, and far below what a header may have. */
export const MAX_STREAM_KEY_LENGTH = 4096;

/** Tells a stream key from a streaming token, although each has secrets of its own. */
const TOKEN_USE = 'stream_key';

/** Claims about a token, not about its owner. */
const CLAIMS_OF_A_TOKEN = ['iss', 'sub', 'aud', 'azp', 'exp', 'iat', 'nbf', 'nonce', 'at_hash', 'c_hash'];

const text = v.pipe(v.string(), v.minLength(1));
const seconds = v.pipe(v.number(), v.integer());
const payload = v.object({
  token_use: v.literal(TOKEN_USE),
  jti: text,
  iat: seconds,
  exp: seconds,
  target: text,
  room: text,
  stream: text,
  actions: v.array(text),
  transports: v.array(v.picklist(TRANSPORTS)),
  owner: v.object({
    iss: text,
    sub: text,
    groups: v.array(v.string()),
    service: v.exactOptional(v.boolean()),
    claims: v.custom<Readonly<Record<string, unknown>>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    ),
  }),
});

/** A stream key as its owner keeps it: a JWT (RFC 7519) with the whole grant, and who its owner was, in it. */
export async function signStreamKey(key: StreamKey, signingKey: SigningKey): Promise<string> {
  const { issuer, subject, groups, claims, isService } = key.owner;
  const kept = Object.entries(claims).filter(([name]) => !CLAIMS_OF_A_TOKEN.includes(name));
  const { target, room, stream, actions, transports } = key;
  return signCompact(
    {
      token_use: TOKEN_USE,
      jti: key.id,
      iat: key.issuedAt,
      exp: key.expiresAt,
      target,
      room,
      stream,
      actions,
      transports,
      owner: {
        iss: issuer,
        sub: subject,
        groups,
        claims: Object.fromEntries(kept),
        ...(isService && { service: true }),
      },
    },
    signingKey,
  );
}

/**
 * The stream key that this text is, if one of these keys signed it and it has not ended. Whether it was revoked, and whether
 * today's rules still allow it, is for others to say.
 *
 * @param text attacker-controlled
 * @param now epoch seconds
 */
export async function verifyStreamKey(
  text: string,
  keys: readonly SigningKey[],
  now: number,
): Promise<StreamKey | undefined> {
  const jws = text.length > MAX_STREAM_KEY_LENGTH ? undefined : decodeCompactJws(text);
  const parsed = v.safeParse(payload, jws?.claims);
  const signingKey = keys.find(({ kid }) => kid === jws?.header['kid']);
  if (!parsed.success || signingKey === undefined) return undefined;
  const { jti, iat, exp, target, room, stream, actions, transports, owner } = parsed.output;
  if (now >= exp || !(await isSignedBy(text, signingKey))) return undefined;
  return {
    id: jti,
    owner: {
      issuer: owner.iss,
      subject: owner.sub,
      groups: owner.groups,
      claims: { ...owner.claims, iss: owner.iss, sub: owner.sub },
      expiresAt: exp,
      ...(owner.service && { isService: true }),
      streamKey: jti,
    },
    target,
    room,
    stream,
    actions,
    transports,
    issuedAt: iat,
    expiresAt: exp,
  };
}
