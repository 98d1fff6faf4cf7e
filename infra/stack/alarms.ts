import { stackDocument } from '../../lib/fleet/stack-document.ts';
import { REASONS } from '../../lib/oauth/reasons.ts';
import { policyOf, rotationSeconds } from '../../lib/rotation/policy.ts';
import { rotationOf } from '../../lib/rotation/options.ts';
import { longestTokenOf } from '../../lib/rotation/longest-token.ts';
import { parseAlarmDestination } from '../../lib/config/deploy-options.ts';
import { logicalIdOf } from '../../lib/config/target-name.ts';
import { attribute, capitalised, ref, type Resource, type Resources, type Value } from './cloudformation.ts';
import {
  nameOf,
  rotates,
  secretsWhere,
  targetsWhere,
  type NamedTarget,
  type StackContext,
} from './context.ts';
import { neededFunctions } from './functions.ts';

/** A metric over one period. */
interface Metric {
  readonly namespace: 'streampass' | 'AWS/Lambda' | 'AWS/SQS' | 'AWS/ApiGateway' | 'AWS/Events';
  readonly name: string;
  readonly dimensions: Readonly<Record<string, Value>>;
  readonly stat: 'Sum' | 'Maximum' | 'p99';
}

/** One alarm. Its name has an entry in docs/operate.md. */
interface Alarm {
  /** Its logical id. */
  readonly id: string;
  readonly name: string;
  /** The heading in docs/operate.md, if it is not the name: alarms of single functions and targets share one. */
  readonly entry?: string;
  readonly description: string;
  /** One metric, or several by id and an expression over them. */
  readonly of: Metric | { readonly metrics: Readonly<Record<string, Metric>>; readonly expression: string };
  readonly periodSeconds: number;
  /** It rings if the first number of the last second number of periods are past the threshold. */
  readonly periods: readonly [over: number, of: number];
  /** It rings at this value or a greater one; `over`: only at a greater one; `below`: only at a smaller one. */
  readonly threshold: { readonly from: number } | { readonly over: number } | { readonly below: number };
  /** A period without a metric does not count as a problem, unless the absence is the alarm. */
  readonly missing?: 'breaching';
}

const DAY = 86_400;
/** How long a rotation may wait beyond its own time for a push window, a node or an operator: a week. */
const PATIENCE_SECONDS = 7 * DAY;

/**
 * Every alarm of a stack. Without a sign-in, a caller can ring only `too-many-requests` and the throttles of functions: a flood that turns users away is one, whoever sends it.
 */
export function alarmsOf(context: StackContext): readonly Alarm[] {
  return [
    ...rotationAlarms(context),
    ...tokenAlarms(context),
    ...neededFunctions(context).flatMap(([name]) => functionAlarms(context, name)),
  ];
}

function rotationAlarms(context: StackContext): readonly Alarm[] {
  const worst = (name: string): Metric => ({ ...ofStage(context, name), stat: 'Maximum' });
  return [
    {
      id: 'RotationStopped',
      name: 'rotation-stopped',
      description: 'No `advance` has finished for five minutes.',
      of: ofStage(context, 'AdvanceHeartbeat'),
      periodSeconds: 60,
      periods: [5, 5],
      threshold: { below: 1 },
      missing: 'breaching',
    },
    {
      id: 'RotationStuck',
      name: 'rotation-stuck',
      description: 'A phase has lasted an hour longer than its longest wait.',
      of: worst('RotationOverdue'),
      periodSeconds: 300,
      periods: [1, 1],
      threshold: { over: 3600 },
    },
    {
      id: 'RotationProblem',
      name: 'rotation-problem',
      description: 'For 15 minutes a report has named a problem.',
      of: worst('RotationProblem'),
      periodSeconds: 300,
      periods: [3, 3],
      threshold: { from: 1 },
    },
    {
      id: 'NodeDrift',
      name: 'node-drift',
      description: 'For an hour a node has held another version than it should.',
      of: worst('NodesBehind'),
      periodSeconds: 300,
      periods: [12, 12],
      threshold: { from: 1 },
    },
    ...targetsWhere(context, rotates).flatMap((target) => secretAgeAlarms(context, target)),
    {
      id: 'DeadLettersArrived',
      name: 'dead-letters',
      description: 'An event for the rotation could not be delivered or kept failing.',
      of: {
        namespace: 'AWS/SQS',
        name: 'ApproximateNumberOfMessagesVisible',
        dimensions: { QueueName: attribute('DeadLetters', 'QueueName') },
        stat: 'Maximum',
      },
      periodSeconds: 300,
      periods: [1, 1],
      threshold: { from: 1 },
    },
    ...watchedSecretPatterns(context).map((_, index): Alarm => ({
      id: `SecretTouchedUndelivered${index === 0 ? '' : index + 1}`,
      name: `secret-touched-undelivered${index === 0 ? '' : `-${index + 1}`}`,
      entry: 'secret-touched-undelivered',
      description: 'EventBridge could not tell the topic that a secret was touched.',
      of: {
        namespace: 'AWS/Events',
        name: 'FailedInvocations',
        dimensions: { RuleName: touchedRuleName(context, index) },
        stat: 'Sum',
      },
      periodSeconds: 300,
      periods: [1, 1],
      threshold: { from: 1 },
    })),
  ];
}

/** A secret that should have been replaced a week ago: its age at the start of a rotation, plus the length of a rotation and a week. */
function secretAgeAlarms(context: StackContext, [name, target]: NamedTarget): readonly Alarm[] {
  const { config } = context;
  const longestToken = longestTokenOf(name, target, config.grants);
  const policy = policyOf(
    { ...target, longestToken },
    config.timing,
    rotationOf(config.rotation, target.rotation),
  );
  if (policy.everySeconds === undefined || !policy.hasFleet) return [];
  const oldest = policy.everySeconds + rotationSeconds(policy) + PATIENCE_SECONDS;
  return [
    {
      id: `${logicalIdOf(name)}SecretOld`,
      name: `secret-old-${name}`,
      entry: 'secret-old',
      description: `The secret of ${name} should have been replaced a week ago.`,
      of: {
        namespace: 'streampass',
        name: 'SecretAge',
        dimensions: { stage: context.stage, target: name },
        stat: 'Maximum',
      },
      periodSeconds: 3600,
      periods: [1, 1],
      threshold: { over: oldest },
    },
  ];
}

/** The reasons of refusals that only an outage causes: no request of a caller leads to them. */
export const OUTAGE_REASONS: readonly string[] = Object.entries(REASONS)
  .filter(([, [code]]) => code === 'temporarily_unavailable')
  .map(([reason]) => reason);

function tokenAlarms(context: StackContext): readonly Alarm[] {
  const { stage } = context;
  const api = (name: string): Metric => ({
    namespace: 'AWS/ApiGateway',
    name,
    dimensions: { ApiId: ref('HttpApi') },
    stat: 'Sum',
  });
  return [
    {
      id: 'TokensUnavailable',
      name: 'tokens-unavailable',
      description: 'Users get no token for a reason that only an outage has.',
      of: {
        metrics: Object.fromEntries(
          OUTAGE_REASONS.map((reason) => [
            reason,
            {
              namespace: 'streampass',
              name: 'TokensDenied',
              dimensions: { stage, reason },
              stat: 'Sum',
            },
          ]),
        ),
        expression: OUTAGE_REASONS.map((reason) => `FILL(${reason}, 0)`).join(' + '),
      },
      periodSeconds: 60,
      periods: [3, 5],
      threshold: { from: 1 },
    },
    {
      id: 'ApiErrors',
      name: '5xx',
      description: 'More than one request in a hundred is answered 5xx.',
      of: {
        metrics: { failed: api('5xx'), requests: api('Count') },
        expression: '100 * FILL(failed, 0) / requests',
      },
      periodSeconds: 60,
      periods: [3, 5],
      threshold: { over: 1 },
    },
    {
      id: 'TooManyRequests',
      name: 'too-many-requests',
      description: 'API Gateway turns requests away with 429.',
      of: {
        metrics: { refused: ofStage(context, 'ThrottledRequests'), requests: api('Count') },
        expression: 'IF(FILL(refused, 0) >= 20, 100 * refused / requests, 0)',
      },
      periodSeconds: 60,
      periods: [3, 5],
      threshold: { over: 1 },
    },
    {
      id: 'CallbacksUnavailable',
      name: 'callbacks-unavailable',
      description:
        'Servers that ask, or APIs of your own, are told no because keys or tables cannot be read.',
      of: ofStage(context, 'CallbacksUnavailable'),
      periodSeconds: 60,
      periods: [3, 5],
      threshold: { from: 1 },
    },
    {
      id: 'KeyRingProblem',
      name: 'key-ring-problem',
      description: 'A secret in use cannot be read again, or a version of it cannot be used.',
      of: ofStage(context, 'RingProblems'),
      periodSeconds: 60,
      periods: [3, 5],
      threshold: { from: 1 },
    },
    {
      id: 'DenialsSurge',
      name: 'denials-surge',
      description: 'More than half of what signed-in users ask for is denied.',
      of: {
        // Counts only requests with a valid sign-in: anyone can send the others.
        metrics: { denied: ofStage(context, 'UsersDenied'), issued: ofStage(context, 'TokensIssued') },
        expression: 'IF(FILL(denied, 0) >= 100, 100 * denied / (denied + FILL(issued, 0)), 0)',
      },
      periodSeconds: 300,
      periods: [3, 3],
      threshold: { over: 50 },
    },
    {
      id: 'RefusalsSurge',
      name: 'refusals-surge',
      description: 'More than half of what holders of tokens ask for at servers or APIs is refused.',
      of: {
        // Counts only tokens that streampass issued: anyone can show other tokens to a server.
        metrics: {
          refused: ofStage(context, 'HoldersDenied'),
          allowed: ofStage(context, 'CallbacksAllowed'),
        },
        expression: 'IF(FILL(refused, 0) >= 100, 100 * refused / (refused + FILL(allowed, 0)), 0)',
      },
      periodSeconds: 300,
      periods: [3, 3],
      threshold: { over: 50 },
    },
  ];
}

function functionAlarms(context: StackContext, name: string): readonly Alarm[] {
  const { slowSeconds } = neededFunctions(context).find(([other]) => other === name)![1];
  const id = capitalised(name);
  const of = (metric: string, stat: Metric['stat']): Metric => ({
    namespace: 'AWS/Lambda',
    name: metric,
    dimensions: { FunctionName: nameOf(context, name) },
    stat,
  });
  // With a concurrency of its own, `rotate` is throttled whenever somebody calls it during the minute's run.
  const waitsItsTurn = name === 'rotate' && context.config.deploy.reserveRotate === true;
  return [
    {
      id: `${id}Errors`,
      name: `${name}-errors`,
      entry: 'errors',
      description: `The function ${name} fails as a whole.`,
      of: of('Errors', 'Sum'),
      periodSeconds: 60,
      periods: [3, 5],
      threshold: { from: 1 },
    },
    ...(waitsItsTurn
      ? []
      : [
          {
            id: `${id}Throttles`,
            name: `${name}-throttles`,
            entry: 'throttles',
            description: `Lambda has no room for the function ${name}.`,
            of: of('Throttles', 'Sum'),
            periodSeconds: 60,
            periods: [2, 3] as const,
            threshold: { from: 1 },
          },
        ]),
    {
      id: `${id}Slow`,
      name: `${name}-slow`,
      entry: 'slow',
      description: `The slowest hundredth of the runs of ${name} takes more than ${slowSeconds} s.`,
      of: of('Duration', 'p99'),
      periodSeconds: 60,
      periods: [3, 5],
      threshold: { over: slowSeconds * 1000 },
    },
  ];
}

function ofStage({ stage }: StackContext, name: string): Metric {
  return { namespace: 'streampass', name, dimensions: { stage }, stat: 'Sum' };
}

/** The alarms, their topic, and the metric filters that count log lines for them. */
export function alarmResources(context: StackContext): Resources {
  const { alarms = [], kmsKeys } = context.config.deploy;
  const destinations = [alarms].flat().flatMap((text) => parseAlarmDestination(text) ?? []);
  const topics = destinations.flatMap((one) => (one.by === 'topic' ? [one.arn] : []));
  const actions = [ref('AlarmTopic'), ...topics];
  const subscriptions = destinations.flatMap((one) =>
    one.by === 'topic' ? [] : [{ TopicArn: ref('AlarmTopic'), Protocol: one.by, Endpoint: one.endpoint }],
  );
  return {
    AlarmTopic: {
      Type: 'AWS::SNS::Topic',
      Properties: kmsKeys?.alarms === undefined ? {} : { KmsMasterKeyId: kmsKeys.alarms },
    },
    AlarmTopicPolicy: TOPIC_POLICY,
    ...Object.fromEntries(
      subscriptions.map((Properties, index) => [
        `AlarmSubscription${index + 1}`,
        { Type: 'AWS::SNS::Subscription', Properties },
      ]),
    ),
    ThrottledRequestsCounted: counted('HttpApiLogGroup', 'ThrottledRequests', '{ $.status = "429" }'),
    ...Object.fromEntries(
      alarmsOf(context).map((alarm) => [alarm.id, alarmResource(context, alarm, actions)]),
    ),
    ...touchedRules(context, actions),
  };
}

/** A metric of the stage, counted from log lines: each line says its stage. */
function counted(logGroup: string, name: string, pattern: string): Resource {
  return {
    Type: 'AWS::Logs::MetricFilter',
    Properties: {
      LogGroupName: ref(logGroup),
      FilterPattern: pattern,
      MetricTransformations: [
        {
          MetricNamespace: 'streampass',
          MetricName: name,
          MetricValue: '1',
          Unit: 'Count',
          Dimensions: [{ Key: 'stage', Value: '$.stage' }],
        },
      ],
    },
  };
}

const TOPIC_POLICY: Resource = {
  Type: 'AWS::SNS::TopicPolicy',
  Properties: {
    Topics: [ref('AlarmTopic')],
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'Alarms',
          Effect: 'Allow',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Action: 'sns:Publish',
          Resource: ref('AlarmTopic'),
          Condition: { StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') } },
        },
        {
          // EventBridge sends no account id: with a condition on it, its deliveries would fail silently.
          Sid: 'Events',
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sns:Publish',
          Resource: ref('AlarmTopic'),
        },
      ],
    },
  },
};

function alarmResource(context: StackContext, alarm: Alarm, actions: readonly Value[]): Resource {
  const { name, entry = name, description, of, periodSeconds, periods, threshold, missing } = alarm;
  const [over, all] = periods;
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: nameOf(context, name),
      AlarmDescription: `${description} See docs/operate.md, ${entry}.`,
      ...('expression' in of
        ? expressionProperties(of, name, periodSeconds)
        : metricProperties(of, periodSeconds)),
      EvaluationPeriods: all,
      DatapointsToAlarm: over,
      ...thresholdProperties(threshold),
      TreatMissingData: missing ?? 'notBreaching',
      AlarmActions: actions,
      OKActions: actions,
    },
  };
}

function metricProperties({ namespace, name, dimensions, stat }: Metric, Period: number) {
  return {
    Namespace: namespace,
    MetricName: name,
    Dimensions: dimensionsOf(dimensions),
    ...(stat === 'p99' ? { ExtendedStatistic: stat } : { Statistic: stat }),
    Period,
  };
}

function expressionProperties(
  { metrics, expression }: Exclude<Alarm['of'], Metric>,
  label: string,
  Period: number,
) {
  return {
    Metrics: [
      ...Object.entries(metrics).map(([id, { namespace, name, dimensions, stat }]) => ({
        Id: id,
        MetricStat: {
          Metric: { Namespace: namespace, MetricName: name, Dimensions: dimensionsOf(dimensions) },
          Period,
          Stat: stat,
        },
        ReturnData: false,
      })),
      { Id: 'result', Label: label, Expression: expression, ReturnData: true },
    ],
  };
}

function dimensionsOf(dimensions: Metric['dimensions']): Value {
  return Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
}

function thresholdProperties(threshold: Alarm['threshold']) {
  if ('from' in threshold) {
    return { Threshold: threshold.from, ComparisonOperator: 'GreaterThanOrEqualToThreshold' };
  }
  return 'over' in threshold
    ? { Threshold: threshold.over, ComparisonOperator: 'GreaterThanThreshold' }
    : { Threshold: threshold.below, ComparisonOperator: 'LessThanThreshold' };
}

/** Every change of a secret that the rotation's own role did not make: values, labels, tags, permissions. */
const SECRET_CHANGES = [
  'CancelRotateSecret',
  'DeleteResourcePolicy',
  'DeleteSecret',
  'PutResourcePolicy',
  'PutSecretValue',
  'RemoveRegionsFromReplication',
  'ReplicateSecretToRegions',
  'RestoreSecret',
  'RotateSecret',
  'StopReplicationToReplica',
  'TagResource',
  'UntagResource',
  'UpdateSecret',
  'UpdateSecretVersionStage',
];

/** Changes of the command that runs on servers, and of who may run it. */
const DOCUMENT_CHANGES = [
  'DeleteDocument',
  'ModifyDocumentPermission',
  'UpdateDocument',
  'UpdateDocumentDefaultVersion',
];

/** The number of names in one event pattern, which may have 2,048 characters. */
const NAMES_IN_PATTERN = 8;

/** Names of the secrets, as patterns that hold for a name and for an ARN, in groups that fit into an event pattern. */
function watchedSecretPatterns(context: StackContext): readonly (readonly string[])[] {
  const usual = `streampass/${context.stage}/`;
  const names = [
    ...secretsWhere(context).map(({ secret }) => secret),
    ...[context.config.deploy.callerSecret ?? []].flat(),
  ].map((secret) => (secret.startsWith(usual) ? usual : secret));
  const all = [...new Set([usual, ...names])].map((name) => `*${name}*`);
  return Array.from({ length: Math.ceil(all.length / NAMES_IN_PATTERN) }, (_, index) =>
    all.slice(index * NAMES_IN_PATTERN, (index + 1) * NAMES_IN_PATTERN),
  );
}

function touchedRuleName(context: StackContext, index: number): string {
  return nameOf(context, `secret-touched${index === 0 ? '' : `-${index + 1}`}`);
}

/** Rules that notify of changes that the rotation did not make. They need a CloudTrail trail that records management events. */
function touchedRules(context: StackContext, actions: readonly Value[]): Resources {
  const Targets = actions.map((Arn, index) => ({ Id: `alarm${index}`, Arn }));
  const rules = watchedSecretPatterns(context).map((names, index): [string, Resource] => [
    `SecretTouched${index === 0 ? '' : index + 1}`,
    {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: touchedRuleName(context, index),
        Description:
          'Somebody other than the rotation changed a secret of streampass, its labels, tags or permissions. See docs/operate.md, secret-touched.',
        EventPattern: {
          source: ['aws.secretsmanager'],
          'detail-type': ['AWS API Call via CloudTrail'],
          detail: {
            eventName: SECRET_CHANGES,
            requestParameters: { secretId: names.map((wildcard) => ({ wildcard })) },
            // An access key of an IAM user and the root user have no session, so the event has no session issuer.
            $or: [
              {
                userIdentity: {
                  sessionContext: {
                    sessionIssuer: { arn: [{ 'anything-but': [attribute('RotateRole', 'Arn')] }] },
                  },
                },
              },
              { userIdentity: { sessionContext: { sessionIssuer: { arn: [{ exists: false }] } } } },
            ],
          },
        },
        Targets,
      },
    },
  ]);
  return {
    ...Object.fromEntries(rules),
    DocumentTouched: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: nameOf(context, 'document-touched'),
        Description:
          'The command that runs on servers was changed, or who may run it. See docs/operate.md, secret-touched.',
        EventPattern: {
          source: ['aws.ssm'],
          'detail-type': ['AWS API Call via CloudTrail'],
          detail: {
            eventName: DOCUMENT_CHANGES,
            requestParameters: { name: [{ wildcard: `*${stackDocument(context.stage)}` }] },
          },
        },
        Targets,
      },
    },
  };
}
