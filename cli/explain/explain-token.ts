import { randomBytes } from 'node:crypto';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import type { CompactJws, JsonObject } from '../../lib/jws/compact.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { rulesOf, serverRules } from '../../local/media-servers/rules/index.ts';
import type { SettingsOf } from '../../local/media-servers/rules/index.ts';
import type { Attempt, Decision } from '../../local/media-servers/rules/server-rules.ts';
import { hmac } from '../../local/media-servers/rules/token-text.ts';
import { findingsOf } from './token-findings.ts';

/** The question about a token. */
export interface TokenQuestion {
  /** Compact JWS, or a CWT in base64url. */
  readonly token: string;
  readonly target: Target;
  /** Absent: the signature is assumed to be valid. */
  readonly secret?: string | undefined;
  /** Absent: each action that the target knows, in the first room and over the first transport of the token. */
  readonly attempt: Partial<Attempt>;
  /** Epoch seconds. */
  readonly now: number;
}

/**
 * What a target's servers would say to a token, action by action, and why: lines to print. Neither the token nor the secret
 * is in them.
 *
 * @throws {Error} the token is not a JWT in compact form, or does not have the target's own form
 */
export function explainToken({ token, target, secret, attempt, now }: TokenQuestion): readonly string[] {
  const jws = decodeCompactJws(token);
  const parts = target.form === undefined ? jws : target.form.read(token);
  if (parts === undefined)
    throw new Error(
      target.form === undefined
        ? 'the token is not a JWT, which has three parts in base64url, the first two of them JSON objects'
        : `the token is not a ${target.form.name} of this kind of server, in base64url`,
    );
  const findings = findingsOf(target, parts.header, parts.claims, now).map(
    (finding) => `  ${finding.bad ? '✗' : '✓'} ${finding.text}`,
  );
  if (!hasRules(target) || jws === undefined) return [...findings, ...claimed(target, parts.claims)];

  const key = secret ?? randomBytes(32).toString('base64url');
  const checked = secret === undefined ? signedWith(key, jws) : token;
  const actions = attempt.action === undefined ? target.actions : [attempt.action];
  return [
    ...findings,
    secret === undefined ? '  – signature: not checked' : '  – signature: checked',
    ...actions.map((action) => {
      const tried = { action, ...placeIn(jws.claims, action), ...attempt };
      return `${describe(tried)}: ${verdict(decide(checked, key, target, tried, now))}`;
    }),
  ];
}

/** Whether this repository has the rules of this kind of server. It has them only for servers that share a secret. */
function hasRules({ kind, signing }: Target): boolean {
  return Object.hasOwn(serverRules, kind) && signing === 'HS256';
}

/** What a token's claims say, if this repository has no rules of its server to ask. */
function claimed(target: Target, claims: JsonObject): readonly string[] {
  const grant = target.readClaims(claims);
  if (grant === undefined)
    return ['  ✗ the claims are not those of this kind of server', '  – signature: not checked'];
  const rooms = grant.rooms === '*' ? 'any room' : grant.rooms.join(', ');
  return [
    '  – signature: not checked',
    `the claims allow ${grant.subject === '' ? 'everybody who has it' : grant.subject}: ${grant.actions.join(' ')} in ${rooms}`,
  ];
}

function decide(token: string, secret: string, target: Target, attempt: Attempt, now: number): Decision {
  const settings: SettingsOf = {
    red5: {
      secret,
      active: true,
      open: new Set(),
      ttlMinutes: (target.serverLimit ?? 3600) / 60,
      issuer: target.issuer ?? '',
    },
    jitsi: {
      secret,
      domain: target.domain ?? '',
      acceptedIssuers: [target.issuer ?? ''],
      acceptedAudiences: [target.audience ?? '*'],
      signatureAlgorithm: target.signing,
      allowEmptyToken: false,
      verifyDomain: true,
      requireRoomClaim: true,
    },
    rtcstats: { secret },
  };
  if (target.kind === 'red5') return rulesOf('red5').decide(token, settings.red5, attempt, now);
  if (target.kind === 'jitsi') return rulesOf('jitsi').decide(token, settings.jitsi, attempt, now);
  return rulesOf('rtcstats').decide(token, settings.rtcstats, attempt, now);
}

/** The same token under another secret, so that everything but the signature can be checked. */
function signedWith(secret: string, { header, signingInput, signature }: CompactJws): string {
  const made = hmac(String(header['alg']), secret, signingInput) ?? signature;
  return `${signingInput}.${made.toString('base64url')}`;
}

/** A place that the token itself names, for an attempt that names none. */
function placeIn(claims: JsonObject, action: string): Pick<Attempt, 'room' | 'transport'> {
  const first = (name: string): string | undefined => {
    const value = claims[name];
    return typeof value === 'string' && value !== '' && value !== '*' ? value.split(',')[0] : undefined;
  };
  const transports = claims['red5-transport'];
  const web = action === 'publish' ? 'WHIP' : 'WHEP';
  const named = typeof transports === 'string' ? transports.toUpperCase().split(',') : [];
  return {
    room: first('red5-room') ?? first('room') ?? 'any-room',
    transport: named.length === 0 || named.includes(web) ? web : named[0],
  };
}

function describe({ action, room, transport }: Attempt): string {
  const isRed5 = action === 'publish' || action === 'subscribe';
  return action === 'report'
    ? action
    : `${action} in ${room ?? 'any-room'}${isRed5 ? ` over ${transport ?? ''}` : ''}`;
}

function verdict(decision: Decision): string {
  if (decision.accepted) return 'accepted';
  const silence = decision.neverAnswers ? '; the client hears nothing' : '';
  return `refused at ${decision.at === 'login' ? 'the connection' : 'the attempt'}: ${decision.reason}${silence}`;
}
