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

/** CloudWatch metrics of this namespace are made from the audit lines. */
export const METRICS_NAMESPACE = 'streampass';

type Line = Readonly<Record<string, unknown>>;

/**
 * The lines that an exchange leaves, one a token, or one for a refusal: who got what, or why not, and its metrics in
 * CloudWatch's embedded metric format. They are made of named facts alone, so no token can get into them.
 *
 * @see Amazon CloudWatch User Guide, "Specification: Embedded metric format"
 */
export function auditLines(outcome: ExchangeOutcome, origin: RequestOrigin): readonly Line[] {
  const { latencyMs, coldStart, timestampMs } = origin;
  const perTarget = outcome.issued ? ISSUED_METRICS : deniedMetrics(outcome.facts);
  const perExchange = {
    Namespace: METRICS_NAMESPACE,
    Dimensions: [[]],
    Metrics: [
      { Name: 'ExchangeLatency', Unit: 'Milliseconds' },
      ...(coldStart ? [{ Name: 'ColdStart', Unit: 'Count' }] : []),
    ],
  };
  const first = {
    _aws: { Timestamp: timestampMs, CloudWatchMetrics: [perTarget, perExchange] },
    event: outcome.issued ? 'token.issued' : 'token.denied',
    ...(outcome.issued
      ? { TokensIssued: 1, RingAge: outcome.facts.ringAgeSeconds }
      : { TokensDenied: 1, reason: outcome.error.reason }),
    ExchangeLatency: latencyMs,
    ...(coldStart && { ColdStart: 1 }),
    ...auditedFacts(outcome.facts),
  };
  const further = outcome.issued ? outcome.further : [];
  return [
    first,
    ...further.map((facts) => ({
      _aws: { Timestamp: timestampMs, CloudWatchMetrics: [perTarget] },
      event: 'token.issued',
      TokensIssued: 1,
      RingAge: facts.ringAgeSeconds,
      ...auditedFacts(facts),
    })),
  ];
}

const ISSUED_METRICS: Line = {
  Namespace: METRICS_NAMESPACE,
  Dimensions: [['target']],
  Metrics: [
    { Name: 'TokensIssued', Unit: 'Count' },
    { Name: 'RingAge', Unit: 'Seconds' },
  ],
};

function deniedMetrics({ target }: ExchangeFacts): Line {
  return {
    Namespace: METRICS_NAMESPACE,
    Dimensions: target === undefined ? [['reason']] : [['target', 'reason'], ['reason']],
    Metrics: [{ Name: 'TokensDenied', Unit: 'Count' }],
  };
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
