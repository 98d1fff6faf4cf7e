import type { ExchangeFacts, ExchangeOutcome } from './exchange.ts';

/** Where a request came from, for its audit line. */
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

/**
 * The one line that an exchange leaves: who got what, or why not, and its metrics in CloudWatch's embedded metric format.
 * It is made of named facts alone, so no token can get into it.
 *
 * @see Amazon CloudWatch User Guide, "Specification: Embedded metric format"
 */
export function auditLine(
  outcome: ExchangeOutcome,
  origin: RequestOrigin,
): Readonly<Record<string, unknown>> {
  const { facts } = outcome;
  return {
    _aws: {
      Timestamp: origin.timestampMs,
      CloudWatchMetrics: [
        {
          Namespace: METRICS_NAMESPACE,
          Dimensions: outcome.issued
            ? [['target']]
            : facts.target === undefined
              ? [['reason']]
              : [['target', 'reason'], ['reason']],
          Metrics: [
            { Name: outcome.issued ? 'TokensIssued' : 'TokensDenied', Unit: 'Count' },
            ...(outcome.issued ? [{ Name: 'RingAge', Unit: 'Seconds' }] : []),
          ],
        },
        {
          Namespace: METRICS_NAMESPACE,
          Dimensions: [[]],
          Metrics: [
            { Name: 'ExchangeLatency', Unit: 'Milliseconds' },
            ...(origin.coldStart ? [{ Name: 'ColdStart', Unit: 'Count' }] : []),
          ],
        },
      ],
    },
    event: outcome.issued ? 'token.issued' : 'token.denied',
    ...(outcome.issued
      ? { TokensIssued: 1, RingAge: facts.ringAgeSeconds }
      : { TokensDenied: 1, reason: outcome.error.reason }),
    ExchangeLatency: origin.latencyMs,
    ...(origin.coldStart && { ColdStart: 1 }),
    ...auditedFacts(facts),
    request_id: origin.requestId,
    source_ip: origin.sourceIp,
  };
}

function auditedFacts(facts: ExchangeFacts): Readonly<Record<string, unknown>> {
  return {
    iss: facts.issuer,
    sub: facts.subject,
    target: facts.target,
    actions: facts.grant?.actions,
    rooms: facts.grant?.rooms,
    transports: facts.grant?.transports,
    session: facts.session,
    expires_at: facts.expiresAt,
    jti: facts.jti,
    kid: facts.kid,
  };
}
