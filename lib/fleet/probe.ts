import { judgeSecret, kidOf } from '../signing-keys/secret.ts';
import { signCompact } from '../jws/sign.ts';
import type { ProbeResult } from '../rotation/state.ts';
import type { ServerSecret } from '../rotation/ports.ts';
import type { Target } from '../media-servers/target.ts';
import { attempts } from './probe-attempts.ts';

/** A room that nobody is in: a probe is allowed nothing else. */
export const PROBE_ROOM = 'streampass-probe';

const LIFETIME_SECONDS = 60;

/** What a probe needs of the outside. */
export interface ProbeMeans {
  /** Epoch seconds. */
  readonly now: () => number;
  readonly newId: () => string;
}

/**
 * Tries a version on each address of a target, with a token of 60 seconds that allows the least the target knows. All
 * have to accept it. What the server said is told, the token is not.
 */
export async function probe(
  target: Target,
  addresses: readonly string[],
  version: ServerSecret,
  means: ProbeMeans,
): Promise<ProbeResult> {
  const attempt = attempts[target.kind];
  if (attempt === undefined)
    return { accepted: false, problem: `no probe is known for ${target.kind} servers` };
  for (const address of addresses) {
    const token = probeToken(target, version, means);
    if (token === undefined) return { accepted: false, problem: 'the version is no key for this target' };
    const url = URL.parse(address);
    if (url === null) return { accepted: false, problem: `"${address}" is no address` };
    const result = await attempt(url, token, PROBE_ROOM);
    if (!result.accepted) {
      const said = result.problem.replaceAll(token, '(token)').replaceAll(/\s+/g, ' ').slice(0, 300);
      return { accepted: false, problem: `${address}: ${said}` };
    }
  }
  return { accepted: true };
}

function probeToken(target: Target, version: ServerSecret, { now, newId }: ProbeMeans): string | undefined {
  const kid = target.header?.['kid'] ?? kidOf(version.versionId);
  const judged = judgeSecret({ SecretString: version.text }, target.signing);
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
  return signCompact(
    { ...claims, iat: issuedAt, exp: issuedAt + LIFETIME_SECONDS, jti: newId() },
    { alg: target.signing, kid, key: judged.key },
  );
}
