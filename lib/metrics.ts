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

/** Where a log line holds the text of its metrics; JSON has no symbols, so that nothing but {@link textOf} writes them. */
const METRICS = Symbol('metrics');

/** A log line: its members, and the text of its metrics if it has any. */
export type Line = Readonly<Record<string, unknown>> & { readonly [METRICS]?: string };

/**
 * What makes metrics of members of a log line. The line must say its `stage`, as each of `writeLine` does, so that stages in
 * one account share no metric.
 *
 * @param timestampMs epoch milliseconds
 * @see Amazon CloudWatch User Guide, "Specification: Embedded metric format"
 */
export function embeddedMetrics(timestampMs: number, ...directives: readonly MetricsDirective[]): Line {
  const metrics = directives.map(toCloudWatch).join(',');
  return { [METRICS]: `"_aws":{"Timestamp":${timestampMs},"CloudWatchMetrics":[${metrics}]},` };
}

/** The JSON text of a directive, made once: the metrics are the longer half of a line, and the same in each. */
const toCloudWatch = onceFor(({ by, units }: MetricsDirective) =>
  JSON.stringify({
    Namespace: METRICS_NAMESPACE,
    Dimensions: by.map((names) => ['stage', ...names]),
    Metrics: Object.entries(units).map(([Name, Unit]) => ({ Name, Unit })),
  }),
);

/**
 * A line as JSON, with its metrics. Texts that are joined cost half of what a copy of a record with thirty members does.
 *
 * @param line has at least one member
 * @param more further members, at least one
 */
export function textOf(line: Line, more: Readonly<Record<string, unknown>>): string {
  return `{${line[METRICS] ?? ''}${JSON.stringify(line).slice(1, -1)},${JSON.stringify(more).slice(1)}`;
}
