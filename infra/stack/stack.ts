import { attribute, ref, type Resources, type Value } from './cloudformation.ts';
import { alarmResources } from './alarms.ts';
import { apiExtensions, apiOutputs, apiResources, corsOf } from './api.ts';
import { auditResources } from './audit.ts';
import type { StackContext } from './context.ts';
import { dashboardResources } from './dashboard.ts';
import { logGroupOf, neededFunctions, serverlessFunctions } from './functions.ts';
import { nodeOutputs, nodeResources } from './nodes.ts';
import { roleResources } from './roles.ts';
import { secretResources } from './secrets.ts';
import { tableResources } from './tables.ts';

/** The parts of serverless.yml that follow from a configuration. */
export interface Stack {
  readonly functions: Readonly<Record<string, Value>>;
  readonly cors: Value;
  readonly tags: Readonly<Record<string, string>>;
  readonly logLevel: string;
  readonly logRetentionDays: number;
  readonly terminationProtection: boolean;
  readonly resources: {
    readonly Resources: Resources;
    readonly Outputs: Readonly<Record<string, unknown>>;
    readonly extensions: Readonly<Record<string, Value>>;
  };
}

/** The stack of a configuration in a stage. Pure: the same input gives the same stack. */
export function generateStack(context: StackContext): Stack {
  const { deploy } = context.config;
  return {
    functions: serverlessFunctions(context),
    cors: corsOf(context),
    tags: deploy.tags ?? {},
    logLevel: deploy.logLevel ?? 'INFO',
    logRetentionDays: deploy.logRetentionDays ?? 365,
    terminationProtection: deploy.terminationProtection ?? false,
    resources: {
      Resources: {
        ...secretResources(context),
        ...tableResources(context),
        ...roleResources(context),
        ...nodeResources(context),
        ...apiResources(context),
        ...alarmResources(context),
        ...auditResources(context),
        ...dashboardResources(context),
      },
      Outputs: {
        ...nodeOutputs(context),
        ...apiOutputs(context),
        AlarmTopicArn: { Value: ref('AlarmTopic') },
      },
      extensions: { ...apiExtensions(context), ...logExtensions(context), ...SCHEDULE },
    },
  };
}

/** Your own key for the log groups, which osls makes. */
function logExtensions(context: StackContext): Readonly<Record<string, Value>> {
  const KmsKeyId = context.config.deploy.kmsKeys?.logs;
  if (KmsKeyId === undefined) return {};
  const functions = neededFunctions(context).map(([name]) => name);
  const groups = ['HttpApiLogGroup', ...functions.map(logGroupOf)];
  return Object.fromEntries(groups.map((group) => [group, { Properties: { KmsKeyId } }]));
}

/** An `advance` is worthless after a minute, because the next one follows. */
const SCHEDULE: Readonly<Record<string, Value>> = {
  RotateSchedulerSchedule1: {
    Properties: {
      Target: {
        Arn: attribute('RotateLambdaFunction', 'Arn'),
        RoleArn: attribute('SchedulerRole', 'Arn'),
        Input: '{"action":"advance"}',
        RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 },
        DeadLetterConfig: { Arn: attribute('DeadLetters', 'Arn') },
      },
    },
  },
};
