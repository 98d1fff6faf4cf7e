import { sub, type Resources } from './cloudformation.ts';
import { alarmsOf } from './alarms.ts';
import type { StackContext } from './context.ts';

/** One page of graphs: what is issued and denied, how fast, and where each rotation is. */
export function dashboardResources(context: StackContext): Resources {
  const widgets = [alarmWidget(context), ...graphs(context.stage).map(graphWidget), LOG_WIDGET];
  return {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: {
        // Unique in an account, not in a region.
        DashboardName: sub(`streampass-${context.stage}-\${AWS::Region}`),
        DashboardBody: sub(JSON.stringify({ widgets })),
      },
    },
  };
}

interface Graph {
  readonly title: string;
  readonly metrics: readonly unknown[];
  readonly period?: number;
  readonly stat?: string;
}

function graphs(stage: string): readonly Graph[] {
  /** The metric of a name for each value of the dimensions beside the stage. */
  const search = (dimensions: string, name: string, stat: string, period = 60) =>
    `SEARCH('{streampass,stage${dimensions}} stage="${stage}" MetricName="${name}"', '${stat}', ${period})`;
  const byTarget = (name: string, stat: string) => [{ expression: search(',target', name, stat) }];
  const api = (name: string) => ['AWS/ApiGateway', name, 'ApiId', '${HttpApi}'];
  const token = (name: string) => ['AWS/Lambda', name, 'FunctionName', '${TokenLambdaFunction}'];
  const own = (name: string, options: object) => ['streampass', name, 'stage', stage, options];
  return [
    { title: 'Tokens issued, by target', stat: 'Sum', metrics: [byTarget('TokensIssued', 'Sum')] },
    {
      title: 'Requests denied, by reason',
      stat: 'Sum',
      metrics: [[{ expression: search(',reason', 'TokensDenied', 'Sum') }]],
    },
    {
      title: 'Exchange latency (ms)',
      metrics: [
        own('ExchangeLatency', { stat: 'p50', label: 'p50' }),
        own('ExchangeLatency', { stat: 'p99', label: 'p99' }),
        [...api('Latency'), { stat: 'p99', label: 'whole API, p99' }],
      ],
    },
    { title: 'Answers', stat: 'Sum', metrics: [api('Count'), api('4xx'), api('5xx'), token('Throttles')] },
    {
      title: 'Cold starts and concurrency',
      metrics: [
        own('ColdStart', { stat: 'Sum', label: 'cold starts' }),
        [...token('ConcurrentExecutions'), { stat: 'Maximum', label: 'at once' }],
      ],
    },
    {
      title: 'Age of the key ring (s; 503 past its longest age)',
      metrics: [byTarget('RingAge', 'Maximum')],
    },
    { title: 'Rotation: age of the phase (s)', metrics: [byTarget('RotationPhaseAge', 'Maximum')] },
    {
      title: 'Rotation: nodes behind, problems',
      metrics: [byTarget('NodesBehind', 'Maximum'), byTarget('RotationProblem', 'Maximum')],
    },
    {
      title: 'Age of the secrets (days)',
      period: 3600,
      metrics: [[{ expression: `${search(',target', 'SecretAge', 'Maximum', 3600)} / 86400` }]],
    },
  ];
}

function graphWidget({ title, metrics, stat, period = 60 }: Graph, index: number) {
  const place = { x: (index % 3) * 8, y: 2 + Math.floor(index / 3) * 6, width: 8, height: 6 };
  return {
    type: 'metric',
    ...place,
    properties: { title, region: '${AWS::Region}', period, ...(stat !== undefined && { stat }), metrics },
  };
}

function alarmWidget(context: StackContext) {
  const alarms = alarmsOf(context).map(({ id }) => `\${${id}.Arn}`);
  return { type: 'alarm', x: 0, y: 0, width: 24, height: 2, properties: { title: 'Alarms', alarms } };
}

const LOG_WIDGET = {
  type: 'log',
  x: 0,
  y: 20,
  width: 24,
  height: 6,
  properties: {
    title: 'The last lines of the rotation',
    region: '${AWS::Region}',
    view: 'table',
    query:
      "SOURCE '${RotateLogGroup}' | fields @timestamp, target, phase, next.step, next.reason, next.at, next.why, done | filter event = 'rotation.report' | sort @timestamp desc | limit 20",
  },
};
