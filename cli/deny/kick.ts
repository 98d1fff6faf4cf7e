import { rowIdOf } from '../../lib/admission/deny-rows.ts';
import type { Denied } from '../../lib/admission/deny-rows.ts';
import { rowIdsOfToken } from '../../lib/admission/for-whom.ts';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import type { ToldNode } from '../../lib/fleet/denials.ts';
import { subjectFor } from '../../lib/media-servers/subject.ts';
import type { ConfiguredTarget } from '../../lib/media-servers/target.ts';

/** Ends the live connections of denied users at one server. */
export type Kick = (server: KickedServer, whom: KickedUser) => Promise<number>;

/** A server that can be told to end connections. */
export interface KickedServer {
  /** Address of its control API; a user and a password may stand in it. Empty for servers that their agents tell. */
  readonly address: string;
  /** A secret of the server, as an API key. */
  readonly key: () => Promise<{ readonly name: string; readonly secret: string }>;
  /** What the agents of a target's servers said: which list of denied hashes is in force in each, and which should be. */
  readonly told: () => Promise<{ readonly list: string; readonly nodes: readonly ToldNode[] }>;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly pause: (seconds: number) => Promise<void>;
  /** When an answer is due at the latest, epoch seconds. */
  readonly deadline: number;
}

/** The user, session or tokens whose connections end. */
export interface KickedUser {
  /** The user's names at this target; none if a denial names no user. */
  readonly subjects: ReadonlySet<string>;
  /** The session that a denial names, if it does. */
  readonly session?: string;
  /** Whether a streaming token is denied. Its signature is not checked: the server has done that. */
  readonly holds: (token: string) => boolean;
}

/** Who a denial is about, as one target sees them. */
export function kickedUserOf(
  denied: Denied,
  targetName: string,
  target: ConfiguredTarget,
  issuers: readonly string[],
): KickedUser {
  const row = rowIdOf(denied);
  const of = denied.issuer === undefined ? issuers : [denied.issuer];
  const subjects =
    denied.kind === 'sub'
      ? of.map((issuer) =>
          subjectFor(target.subject, targetName, {
            issuer,
            subject: denied.value,
            groups: [],
            claims: {},
            expiresAt: 0,
          }),
        )
      : [];
  return {
    subjects: new Set(subjects),
    ...(denied.kind === 'session' && { session: denied.value }),
    holds(token) {
      const claims = decodeCompactJws(token)?.claims;
      const grant = claims && target.readClaims(claims);
      if (claims === undefined || grant === undefined) return false;
      const { subject, session } = grant;
      const rows = rowIdsOfToken({ targetName, form: target.subject, subject, session, claims }, issuers);
      return rows?.ids.includes(row) ?? false;
    },
  };
}
