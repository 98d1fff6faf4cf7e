/**
 * What CloudWatch makes of an alarm and its metrics, for the expressions that the stack uses: numbers, metrics, FILL, IF, the
 * four operations, `>=` and parentheses. A period without a metric is `undefined`.
 *
 * @see Amazon CloudWatch User Guide, "Using metric math" and "Evaluating an alarm"
 */

import type { Properties, Resource } from './template.ts';

/** One metric: its values, a period each, oldest first; `undefined` where there is none. */
export type Series = readonly (number | undefined)[];

/** A metric as `NAMESPACE NAME DIMENSION=VALUE …`. */
export type Metrics = (metric: string) => Series;

/** How `Metrics` names a metric of an alarm. */
export function metricKey({ Namespace, MetricName, Dimensions = [] }: Properties): string {
  const dimensions = (Dimensions as readonly { Name: string; Value: unknown }[]).map(
    ({ Name, Value }) => `${Name}=${typeof Value === 'string' ? Value : JSON.stringify(Value)}`,
  );
  return [Namespace, MetricName, ...dimensions].join(' ');
}

/** The metrics that log lines make, each in the first so many periods. */
export function metricsOfLines(
  lines: readonly Readonly<Record<string, unknown>>[],
  periods: number,
): Metrics {
  const sums = new Map<string, number>();
  for (const line of lines) {
    const { CloudWatchMetrics } = line['_aws'] as {
      CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[];
    };
    for (const { Namespace, Dimensions, Metrics } of CloudWatchMetrics) {
      for (const { Name: MetricName } of Metrics) {
        for (const names of Dimensions) {
          const dimensions = names.map((Name) => ({ Name, Value: line[Name] }));
          const key = metricKey({ Namespace, MetricName, Dimensions: dimensions } as unknown as Properties);
          sums.set(key, (sums.get(key) ?? 0) + Number(line[MetricName]));
        }
      }
    }
  }
  return (metric: string): Series =>
    Array.from({ length: sums.has(metric) ? periods : 0 }, () => sums.get(metric));
}

/** Whether the alarm rings in any of these periods. */
export function rings({ Properties = {} }: Resource, metrics: Metrics, periods: number): boolean {
  const values = seriesOf(Properties, metrics, periods);
  const all = Number(Properties['EvaluationPeriods']);
  const needed = Number(Properties['DatapointsToAlarm']);
  const breaching = values.map((value) =>
    value === undefined
      ? Properties['TreatMissingData'] === 'breaching'
      : compares(value, String(Properties['ComparisonOperator']), Number(Properties['Threshold'])),
  );
  return breaching.some(
    (_, end) => end + 1 >= all && breaching.slice(end + 1 - all, end + 1).filter(Boolean).length >= needed,
  );
}

function compares(value: number, operator: string, threshold: number): boolean {
  switch (operator) {
    case 'GreaterThanThreshold':
      return value > threshold;
    case 'GreaterThanOrEqualToThreshold':
      return value >= threshold;
    case 'LessThanThreshold':
      return value < threshold;
    default:
      throw new Error(`${operator} is not evaluated`);
  }
}

function seriesOf(properties: Properties, metrics: Metrics, periods: number): Series {
  const at = (series: Series) => Array.from({ length: periods }, (_, index) => series[index]);
  if (properties['Metrics'] === undefined) return at(metrics(metricKey(properties)));
  const parts = properties['Metrics'] as unknown as readonly {
    Id: string;
    Expression?: string;
    MetricStat?: { Metric: Properties };
  }[];
  const known = new Map(
    parts.flatMap(({ Id, MetricStat }) =>
      MetricStat === undefined ? [] : [[Id, at(metrics(metricKey(MetricStat.Metric)))] as const],
    ),
  );
  const { Expression = '' } = parts.find((part) => part.Expression !== undefined) ?? {};
  return Array.from({ length: periods }, (_, period) =>
    evaluate(Expression, (id) => {
      const series = known.get(id);
      if (series === undefined) throw new Error(`no metric has the id ${id}`);
      return series[period];
    }),
  );
}

type Value = number | undefined;

/** An expression in one period. */
export function evaluate(expression: string, metric: (id: string) => Value): Value {
  const tokens = expression.match(/[A-Za-z_]\w*|\d+(?:\.\d+)?|>=|[-+*/(),]/g) ?? [];
  if (tokens.join('') !== expression.replace(/\s/g, '')) throw new Error(`cannot be read: ${expression}`);
  let next = 0;
  const take = (expected?: string): string => {
    const token = tokens[next++];
    if (token === undefined || (expected !== undefined && token !== expected)) {
      throw new Error(`"${expected ?? 'a value'}" is missing in ${expression}`);
    }
    return token;
  };
  /** Two values by an operator; with a missing one the result is missing. */
  const both = (left: Value, right: Value, of: (left: number, right: number) => number): Value =>
    left === undefined || right === undefined ? undefined : of(left, right);

  function comparison(): Value {
    const left = sum();
    if (tokens[next] !== '>=') return left;
    take();
    return both(left, sum(), (a, b) => Number(a >= b));
  }
  function sum(): Value {
    let value = product();
    while (tokens[next] === '+' || tokens[next] === '-') {
      const sign = take() === '+' ? 1 : -1;
      value = both(value, product(), (a, b) => a + sign * b);
    }
    return value;
  }
  function product(): Value {
    let value = factor();
    while (tokens[next] === '*' || tokens[next] === '/') {
      const operator = take();
      const right = factor();
      // CloudWatch has no data point where a quotient has none.
      value =
        operator === '/' && right === 0 ? undefined : both(value, right, operator === '*' ? times : divided);
    }
    return value;
  }
  function factor(): Value {
    const token = take();
    if (/^\d/.test(token)) return Number(token);
    if (token === '(') {
      const value = comparison();
      take(')');
      return value;
    }
    if (tokens[next] !== '(') return metric(token);
    take('(');
    const values = [comparison()];
    while (tokens[next] === ',') {
      take();
      values.push(comparison());
    }
    take(')');
    if (token === 'FILL') return values[0] ?? values[1];
    if (token === 'IF') return values[0] === undefined ? undefined : values[0] ? values[1] : values[2];
    throw new Error(`${token} is not evaluated`);
  }

  const value = comparison();
  if (next < tokens.length) throw new Error(`"${tokens[next]}" is too much in ${expression}`);
  return value;
}

const times = (left: number, right: number) => left * right;
const divided = (left: number, right: number) => left / right;
