import {
  arn,
  attribute,
  capitalised,
  policy,
  ref,
  sub,
  type Resource,
  type Resources,
  type Statement,
  type Value,
} from './cloudformation.ts';
import {
  isReachedBySsm,
  isSignedByKms,
  nameOf,
  reports,
  rotates,
  secretsWhere,
  targetsWhere,
  type StackContext,
} from './context.ts';
import type { ConfiguredSecret } from '../../lib/config/secrets.ts';
import { isInVpc, neededFunctions, type FunctionRow } from './functions.ts';
import { makeKmsKeys, useKmsKeys } from './kms.ts';
import { existingSecretArn, secretArn } from './secrets.ts';
import { tableArn, type TableName } from './tables.ts';

const READ = {
  labels: ['secretsmanager:DescribeSecret'],
  values: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
} as const;

const CHANGE = [
  'secretsmanager:ListSecretVersionIds',
  'secretsmanager:PutSecretValue',
  'secretsmanager:TagResource',
  'secretsmanager:UntagResource',
  'secretsmanager:UpdateSecretVersionStage',
];

/** The actions by which Lambda acts for a function to connect it to a VPC (Lambda Developer Guide, "Execution role"). */
const NETWORK_INTERFACES = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** One role for each function, with that function's own actions on its own resources and nothing else; and the schedule's. */
export function roleResources(context: StackContext): Resources {
  const roles = neededFunctions(context).map(([name, row]) => [
    `${capitalised(name)}Role`,
    role('lambda.amazonaws.com', name, [
      ...functionStatements(context, name, row),
      ...(name === 'rotate' ? rotateStatements(context) : []),
    ]),
  ]);
  return { ...Object.fromEntries(roles), SchedulerRole: schedulerRole(context) };
}

function functionStatements(context: StackContext, name: string, row: FunctionRow): readonly Statement[] {
  const { secrets, tables = {}, readsCallerSecret } = row;
  const { callerSecret } = context.config.deploy;
  return [
    allow(
      'Logs',
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      arn('logs', `log-group:/aws/lambda/${nameOf(context, name)}:*`),
    ),
    ...(isInVpc(context, name) ? vpcStatements(context, name) : []),
    ...(secrets === undefined ? [] : readStatements(context, secrets)),
    ...(readsCallerSecret && callerSecret !== undefined
      ? [allow('ReadCallerSecret', READ.values, existingSecretArn(callerSecret))]
      : []),
    ...Object.entries(tables).map(([table, actions]) =>
      allow(
        `${capitalised(table)}Table`,
        actions.map((action) => `dynamodb:${action}`),
        tableArn(context, table as TableName),
      ),
    ),
  ];
}

/** What a function reads of secrets: never the value of one whose keys KMS holds. Who signs with keys does not verify by them. */
function readStatements(
  context: StackContext,
  { of, read, signs }: NonNullable<FunctionRow['secrets']>,
): readonly Statement[] {
  const all = secretsWhere(context, of);
  if (read === 'labels') return onSecrets(context, 'ReadSecrets', READ.labels, all);
  const own = all.filter((secret) => !isSignedByKms(secret));
  return [
    ...onSecrets(context, 'ReadSecrets', READ.values, own),
    ...onSecrets(context, 'ReadLabels', READ.labels, all.filter(isSignedByKms)),
    ...(own.length > 0 ? withKey(context, ['kms:Decrypt']) : []),
    ...useKmsKeys(all, signs ? 'signs' : 'verifies'),
  ];
}

/** What `rotate` does to secrets and servers. */
function rotateStatements(context: StackContext): readonly Statement[] {
  const secrets = secretsWhere(context, ({ target }) => target === undefined || rotates(target));
  const own = secrets.filter((secret) => !isSignedByKms(secret));
  return [
    ...onSecrets(context, 'RotateSecrets', [...READ.values, ...CHANGE], own),
    ...onSecrets(context, 'RotateLabels', [...READ.labels, ...CHANGE], secrets.filter(isSignedByKms)),
    ...makeKmsKeys(context),
    ...(secrets.length > 0 ? withKey(context, ['kms:Decrypt', 'kms:GenerateDataKey']) : []),
    ...ssmStatements(context),
    ...(targetsWhere(context, reports).length > 0
      ? [allow('NodesTable', ['dynamodb:Query'], tableArn(context, 'nodes'))]
      : []),
    allow('DeadLetters', 'sqs:SendMessage', attribute('DeadLetters', 'Arn')),
  ];
}

/** Run Command on the instances with a configured tag, and on no others. */
function ssmStatements(context: StackContext): readonly Statement[] {
  const fleets = targetsWhere(context, isReachedBySsm).flatMap(([, { fleet }]) =>
    fleet?.by === 'ssm' ? [fleet] : [],
  );
  if (fleets.length === 0) return [];
  const documents = unique(fleets.map(({ document }) => document));
  const roles = unique(fleets.flatMap(({ roleArn }) => roleArn ?? []));
  return [
    allow(
      'SendDocument',
      'ssm:SendCommand',
      documents.map((document) => arn('ssm', `document/${document}`)),
    ),
    ...unique(fleets.map(({ tag }) => tag.key)).map((key, index) => ({
      ...allow(`SendToServers${index === 0 ? '' : index + 1}`, 'ssm:SendCommand', [
        arn('ec2', 'instance/*'),
        arn('ssm', 'managed-instance/*'),
      ]),
      Condition: {
        StringEquals: {
          [`ssm:resourceTag/${key}`]: unique(
            fleets.filter(({ tag }) => tag.key === key).map(({ tag }) => tag.value),
          ),
        },
      },
    })),
    // These actions cannot be limited to resources.
    allow(
      'ObserveServers',
      [
        'ec2:DescribeInstances',
        'ssm:DescribeInstanceInformation',
        'ssm:ListCommandInvocations',
        'ssm:ListCommands',
      ],
      '*',
    ),
    ...(roles.length > 0 ? [allow('OtherAccounts', 'sts:AssumeRole', roles)] : []),
  ];
}

/** Lambda itself needs these; the function's code may not use them. */
function vpcStatements(context: StackContext, name: string): readonly Statement[] {
  return [
    allow('ConnectToVpc', NETWORK_INTERFACES, '*'),
    {
      ...allow('NotByCode', NETWORK_INTERFACES, '*'),
      Effect: 'Deny',
      Condition: {
        ArnEquals: { 'lambda:SourceFunctionArn': arn('lambda', `function:${nameOf(context, name)}`) },
      },
    },
  ];
}

function schedulerRole(context: StackContext): Resource {
  return role(
    'scheduler.amazonaws.com',
    'schedule',
    [
      allow('InvokeRotate', 'lambda:InvokeFunction', arn('lambda', `function:${nameOf(context, 'rotate')}`)),
      allow('DeadLetters', 'sqs:SendMessage', attribute('DeadLetters', 'Arn')),
    ],
    { StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') } },
  );
}

function role(service: string, name: string, statements: readonly Statement[], condition?: Value): Resource {
  const trust = {
    Effect: 'Allow',
    Principal: { Service: service },
    Action: 'sts:AssumeRole',
    ...(condition !== undefined && { Condition: condition }),
  };
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [trust] },
      Policies: [{ PolicyName: name, PolicyDocument: policy(statements) }],
    },
  };
}

/** A statement about secrets; none if there are no secrets, because a statement needs a resource. */
function onSecrets(
  context: StackContext,
  sid: string,
  actions: readonly string[],
  secrets: readonly ConfiguredSecret[],
): readonly Statement[] {
  if (secrets.length === 0) return [];
  return [
    allow(
      sid,
      actions,
      secrets.map((secret) => secretArn(context, secret)),
    ),
  ];
}

/** The use of your own key for secrets, if there is one. */
export function withKey(context: StackContext, actions: readonly string[]): readonly Statement[] {
  const key = context.config.deploy.kmsKeys?.secrets;
  if (key === undefined) return [];
  const via = { 'kms:ViaService': sub('secretsmanager.${AWS::Region}.amazonaws.com') };
  return [{ ...allow('UseKey', actions, key), Condition: { StringEquals: via } }];
}

/** A statement that allows. */
export function allow(Sid: string, Action: string | readonly string[], Resource: Value): Statement {
  return { Sid, Effect: 'Allow', Action, Resource };
}

function unique<Item>(items: readonly Item[]): readonly Item[] {
  return [...new Set(items)];
}
