import { embeddedMetrics, type Line, type MetricsDirective } from '../metrics.ts';
import type { ExchangeFacts, ExchangeOutcome } from './exchange.ts';

/** Where a request came from and how it was answered, for its audit line. */
export interface RequestOrigin {
  readonly requestId: string | undefined;
  readonly sourceIp: string | undefined;
  /** Whether the function had just started. */
  readonly coldStart: boolean;
  /** Milliseconds from event to answer. */
  readonly latencyMs: number;
  /** Epoch milliseconds. */
  readonly timestampMs: number;
}

/**
 * The lines that an exchange leaves, one a token, or one for a refusal: who got what, or why not, and its metrics in
 * CloudWatch's embedded metric format. They are made of named facts alone, so no token can get into them.
 *
 * @see Amazon CloudWatch User Guide, "Specification: Embedded metric format"
 */
export function auditLines(outcome: ExchangeOutcome, origin: RequestOrigin): readonly Line[] {
  const { latencyMs, coldStart, timestampMs } = origin;
  const perTarget = outcome.issued ? ISSUED_METRICS : deniedMetrics(outcome.facts);
  const perExchange = coldStart ? COLD_EXCHANGE_METRICS : EXCHANGE_METRICS;
  const first = {
    ...embeddedMetrics(timestampMs, ...perTarget, perExchange),
    event: outcome.issued ? 'token.issued' : 'token.denied',
    ...(outcome.issued
      ? { TokensIssued: 1, RingAge: outcome.facts.ringAgeSeconds }
      : { TokensDenied: 1, UsersDenied: 1, reason: outcome.error.reason }),
    ExchangeLatency: latencyMs,
    ...(coldStart && { ColdStart: 1 }),
    ...auditedFacts(outcome.facts),
  };
  const further = outcome.issued ? outcome.further : [];
  return [
    first,
    ...further.map((facts) => ({
      ...embeddedMetrics(timestampMs, ...ISSUED_METRICS),
      event: 'token.issued',
      TokensIssued: 1,
      RingAge: facts.ringAgeSeconds,
      ...auditedFacts(facts),
    })),
  ];
}

const ISSUED_METRICS: readonly MetricsDirective[] = [
  { by: [['target'], []], units: { TokensIssued: 'Count' } },
  { by: [['target']], units: { RingAge: 'Seconds' } },
];

const EXCHANGE_METRICS: MetricsDirective = { by: [[]], units: { ExchangeLatency: 'Milliseconds' } };
const COLD_EXCHANGE_METRICS: MetricsDirective = {
  by: [[]],
  units: { ...EXCHANGE_METRICS.units, ColdStart: 'Count' },
};

/** A refusal counts as a user's once their sign-in was good: anyone can send anything else. */
function deniedMetrics({ target, subject }: ExchangeFacts): readonly MetricsDirective[] {
  const perReason = { by: [...(target === undefined ? [] : [['target', 'reason']]), ['reason']] };
  return [
    { ...perReason, units: { TokensDenied: 'Count' } },
    ...(subject === undefined ? [] : [{ by: [[]], units: { UsersDenied: 'Count' } } as const]),
  ];
}

function auditedFacts(facts: ExchangeFacts): Line {
  return {
    iss: facts.issuer,
    sub: facts.subject,
    target: facts.target,
    actions: facts.grant?.actions,
    rooms: facts.grant?.rooms,
    transports: facts.grant?.transports,
    rules: facts.rules,
    session: facts.session,
    expires_at: facts.expiresAt,
    jti: facts.jti,
    kid: facts.kid,
  };
}
