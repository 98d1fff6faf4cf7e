import { judgeSecret, kidOf } from '../signing-keys/secret.ts';
import { signCompact } from '../jws/sign.ts';
import type { ProbeResult } from '../rotation/state.ts';
import type { ServerSecret } from '../rotation/ports.ts';
import type { Target } from '../media-servers/target.ts';
import { probeJitsi } from '../media-servers/jitsi/probe.ts';
import { ProbeError, type ProbeAttempt } from '../media-servers/probe.ts';
import { probeRed5 } from '../media-servers/red5/probe.ts';
import { probeRtcstats } from '../media-servers/rtcstats/probe.ts';
import { connectionTo } from './probe-connection.ts';

/** A room that nobody is in: a probe is allowed nothing else. */
export const PROBE_ROOM = 'streampass-probe';

const LIFETIME_SECONDS = 60;

/** How each kind of server is asked. A new kind is one more row. */
const attempts: Readonly<Record<string, ProbeAttempt>> = {
  red5: probeRed5,
  jitsi: probeJitsi,
  rtcstats: probeRtcstats,
};

/** What a probe needs of the outside. */
export interface ProbeDeps {
  /** Epoch seconds. */
  readonly now: () => number;
  readonly newId: () => string;
}

/**
 * Tries a version on each address of a target, with a token of 60 seconds that allows the least the target knows. All
 * have to accept it. What the server said is reported, without any part of the token.
 */
export async function probe(
  target: Target,
  addresses: readonly string[],
  version: ServerSecret,
  deps: ProbeDeps,
): Promise<ProbeResult> {
  const attempt = attempts[target.kind];
  if (attempt === undefined)
    return { accepted: false, problem: `no probe is known for ${target.kind} servers` };
  for (const address of addresses) {
    const token = await probeToken(target, version, deps);
    if (token === undefined) return { accepted: false, problem: 'no token can be signed with this version' };
    const url = URL.parse(address);
    if (url === null) return { accepted: false, problem: `"${address}" is not an address` };
    const result = await attempt(url, token, PROBE_ROOM, connectionTo(url.origin)).catch(toResult);
    if (!result.accepted) {
      return { accepted: false, problem: `${url.origin}: ${withoutToken(result.problem, token)}` };
    }
  }
  return { accepted: true };
}

async function probeToken(
  target: Target,
  version: ServerSecret,
  { now, newId }: ProbeDeps,
): Promise<string | undefined> {
  const kid = target.header?.['kid'] ?? kidOf(version.versionId);
  const { text, kms } = version;
  const judged = await judgeSecret(kms ? { kms } : { SecretString: text }, target.signing);
  if (!judged.usable) return undefined;
  const issuedAt = Math.floor(now());
  const claims = target.claims({
    // The least that the target knows: to watch rather than to publish, to join without moderating.
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
  // A key that cannot sign now proves nothing about the servers.
  return signCompact(
    { ...claims, iat: issuedAt, exp: issuedAt + LIFETIME_SECONDS, jti: newId() },
    { ...judged.material, kid },
  ).catch(() => undefined);
}

function toResult(error: unknown): ProbeResult {
  return { accepted: false, problem: error instanceof ProbeError ? error.message : 'cannot be reached' };
}

/** So many characters in a row are a part of a token. */
const PART = 6;
const LONGEST_PROBLEM = 300;

/** A server's words on one line, in which each word that holds a part of the token, in whatever case, is `(token)`. */
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
