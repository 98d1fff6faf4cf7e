import { checkSecret, kidOf } from '../signing-keys/secret.ts';
import { signCompact, type SigningKey } from '../jws/sign.ts';
import type { SigningRing } from '../signing-keys/key-ring.ts';
import type { ProbeResult } from '../rotation/state.ts';
import type { ServerSecret } from '../rotation/ports.ts';
import type { Target } from '../media-servers/target.ts';
import type { Offer } from '../stream-keys/offers.ts';
import { probeJitsi } from '../media-servers/jitsi/probe.ts';
import { ProbeError, type ProbeAttempt } from '../media-servers/probe.ts';
import { probeRed5 } from '../media-servers/red5/probe.ts';
import { probeRtcstats } from '../media-servers/rtcstats/probe.ts';
import { connectionTo } from './probe-connection.ts';

/** An empty room: a probe's token allows no other. */
export const PROBE_ROOM = 'streampass-probe';

const LIFETIME_SECONDS = 60;

/** How each kind of server is probed. A new kind is one more row. */
const attempts: Readonly<Record<string, ProbeAttempt>> = {
  red5: probeRed5,
  jitsi: probeJitsi,
  rtcstats: probeRtcstats,
};

const UNSIGNED = { accepted: false, problem: 'no token can be signed with this version' } as const;

/** The dependencies of a probe. */
export interface ProbeDeps {
  /** Epoch seconds. */
  readonly now: () => number;
  readonly newId: () => string;
}

/**
 * Tries a version on each address of a target, with a token of 60 seconds that allows as little as possible. All have to
 * accept it. The server's answer is reported, without any part of the token.
 */
export async function probe(
  target: Target,
  addresses: readonly string[],
  version: ServerSecret,
  deps: ProbeDeps,
): Promise<ProbeResult> {
  const { text, kms, versionId } = version;
  const checked = await checkSecret(kms ? { kms } : { SecretString: text }, target.signing);
  if (!checked.usable) return UNSIGNED;
  const key = { ...checked.material, kid: kidOf(versionId) };
  for (const address of addresses) {
    const result = await tryKey(target, address, key, deps);
    if (!result.accepted) return result;
  }
  return { accepted: true };
}

/**
 * Which of a ring's two keys the server at an address accepts; `undefined` if that is unknown: it does not answer, or it
 * accepts both.
 */
export async function acceptedKey(
  target: Target,
  address: string,
  { current, fallback = current }: Pick<SigningRing, 'current' | 'fallback'>,
  deps: ProbeDeps,
): Promise<Offer | undefined> {
  const [first, second] = await Promise.all(
    [current, fallback].map((key) => tryKey(target, address, key, deps)),
  );
  if (first?.accepted === second?.accepted) return undefined;
  return first?.accepted ? 'first' : 'fallback';
}

async function tryKey(
  target: Target,
  address: string,
  key: SigningKey,
  deps: ProbeDeps,
): Promise<ProbeResult> {
  const attempt = attempts[target.kind];
  if (attempt === undefined)
    return { accepted: false, problem: `no probe is known for ${target.kind} servers` };
  const url = URL.parse(address);
  if (url === null) return { accepted: false, problem: `"${address}" is not an address` };
  // A key that cannot sign now proves nothing about the servers.
  const token = await probeToken(target, key, deps).catch(() => undefined);
  if (token === undefined) return UNSIGNED;
  const result = await attempt(url, token, PROBE_ROOM, connectionTo(url.origin)).catch(toResult);
  if (result.accepted) return result;
  return { accepted: false, problem: `${url.origin}: ${withoutToken(result.problem, token)}` };
}

function probeToken(target: Target, key: SigningKey, { now, newId }: ProbeDeps): Promise<string> {
  const kid = target.header?.['kid'] ?? key.kid;
  const issuedAt = Math.floor(now());
  const claims = target.claims({
    // The smallest permission of the target: to watch rather than to publish, to join without moderating.
    grant: {
      actions: [target.kind === 'red5' ? 'subscribe' : (target.actions[0] ?? '')],
      rooms: [PROBE_ROOM],
      transports: target.transports.includes('WHEP') ? ['WHEP'] : [],
      ttlSeconds: LIFETIME_SECONDS,
    },
    identity: {
      issuer: 'streampass',
      subject: PROBE_ROOM,
      groups: [],
      claims: {},
      expiresAt: issuedAt + LIFETIME_SECONDS,
    },
    subject: PROBE_ROOM,
    session: PROBE_ROOM,
    kid,
  });
  return signCompact(
    { ...claims, iat: issuedAt, exp: issuedAt + LIFETIME_SECONDS, jti: newId() },
    { ...key, kid },
  );
}

function toResult(error: unknown): ProbeResult {
  return { accepted: false, problem: error instanceof ProbeError ? error.message : 'cannot be reached' };
}

/** This many characters in a row count as a part of a token. */
const PART = 6;
const LONGEST_PROBLEM = 300;

/** A server's answer on one line. Each word that contains a part of the token, in any case, is replaced by `(token)`. */
function withoutToken(said: string, token: string): string {
  const known = token.toLowerCase();
  const holdsPart = (word: string): boolean => {
    const low = word.toLowerCase();
    for (let at = 0; at + PART <= low.length; at++) if (known.includes(low.slice(at, at + PART))) return true;
    return false;
  };
  const line = said.slice(0, 10 * LONGEST_PROBLEM).replaceAll(/[^\x21-\x7e]+/g, ' ');
  const words = line.split(/([^A-Za-z0-9_.-]+)/).map((word) => (holdsPart(word) ? '(token)' : word));
  return words.join('').slice(0, LONGEST_PROBLEM);
}
