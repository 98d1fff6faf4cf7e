/** Metrics of a stage, in CloudWatch's embedded metric format. */

import { onceFor } from './once-for.ts';

/** CloudWatch metrics of this namespace are made from log lines. */
export const METRICS_NAMESPACE = 'streampass';

/** Metrics that a line carries, beside their values. */
export interface MetricsDirective {
  /** Names of members of the line beside `stage`, which is in every set; the metrics are kept for each set. */
  readonly by: readonly (readonly string[])[];
  /** The unit of each metric; its value is the member of that name. */
  readonly units: Readonly<Record<string, 'Count' | 'Seconds' | 'Milliseconds'>>;
}

/**
 * The member of a log line that makes metrics of other members. The line must say its `stage`, as each of `writeLine` does, so
 * that stages in one account share no metric.
 *
 * @param timestampMs epoch milliseconds
 * @see Amazon CloudWatch User Guide, "Specification: Embedded metric format"
 */
export function embeddedMetrics(timestampMs: number, ...directives: readonly MetricsDirective[]) {
  return {
    _aws: {
      Timestamp: timestampMs,
      CloudWatchMetrics: directives.map(toCloudWatch),
    },
  };
}

const toCloudWatch = onceFor(({ by, units }: MetricsDirective) => ({
  Namespace: METRICS_NAMESPACE,
  Dimensions: by.map((names) => ['stage', ...names]),
  Metrics: Object.entries(units).map(([Name, Unit]) => ({ Name, Unit })),
}));
