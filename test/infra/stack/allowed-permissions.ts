const SECRETS = ['{Red5Secret}', '{JitsiSecret}', '{RtcstatsSecret}', '{StreamKeysSecret}'];
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/5f4d';
const VIA = '{ StringEquals: { kms:ViaService: secretsmanager.{AWS::Region}.amazonaws.com } }';
const ACCOUNT = '{AWS::Region}:{AWS::AccountId}';
const OUR_ACCOUNT = '{ StringEquals: { aws:SourceAccount: {AWS::AccountId} } }';

const each = (holder: string, actions: readonly string[], resources: readonly string[], ending = '') =>
  actions.flatMap((action) => resources.map((resource) => `${holder} may ${action} on ${resource}${ending}`));

const lambda = (name: string, role: string) => [
  `lambda.amazonaws.com may be ${role}`,
  ...each(
    role,
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    [`arn:{AWS::Partition}:logs:${ACCOUNT}:log-group:/aws/lambda/streampass-dev-${name}:*`],
  ),
];

const readsSecrets = (role: string) => [
  ...each(role, ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'], SECRETS),
  ...each(role, ['kms:Decrypt'], [KEY], ` if ${VIA} (option HasKmsKey)`),
];

const readsDenyTable = (role: string) =>
  each(role, ['dynamodb:BatchGetItem'], ['{DenyTable.Arn}'], ' (option HasDenyTable)');

const invokedByApi = (name: string) =>
  each(
    'apigateway.amazonaws.com',
    ['lambda:InvokeFunction'],
    [`{${name}LambdaFunction.Arn}`],
    ` if SourceArn arn:{AWS::Partition}:execute-api:${ACCOUNT}:{HttpApi}/*`,
  );

const node = (policy: string, secret: string) => [
  ...each(policy, ['secretsmanager:GetSecretValue'], [secret]),
  ...each(policy, ['kms:Decrypt'], [KEY], ` if ${VIA} (option HasKmsKey)`),
];

/** Every permission that the stack may give with all its options on (stage dev). A line more is a line to argue for. */
export const ALLOWED_PERMISSIONS = [
  ...lambda('token', 'TokenRole'),
  ...readsSecrets('TokenRole'),
  ...readsDenyTable('TokenRole'),

  ...lambda('whip', 'WhipRole'),
  ...readsSecrets('WhipRole'),
  ...readsDenyTable('WhipRole'),

  ...lambda('metadata', 'MetadataRole'),

  ...lambda('health', 'HealthRole'),
  ...readsSecrets('HealthRole'),

  ...lambda('keys', 'KeysRole'),
  ...readsSecrets('KeysRole'),

  ...lambda('callbacks', 'CallbacksRole'),
  ...readsSecrets('CallbacksRole'),
  ...readsDenyTable('CallbacksRole'),
  ...each(
    'CallbacksRole',
    ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
    [`arn:{AWS::Partition}:secretsmanager:${ACCOUNT}:secret:red5-caller-??????`],
    ' (option HasCallerSecret)',
  ),

  ...lambda('authorizer', 'AuthorizerRole'),
  ...readsSecrets('AuthorizerRole'),
  ...readsDenyTable('AuthorizerRole'),

  ...lambda('rotate', 'RotateRole'),
  ...readsSecrets('RotateRole'),
  ...each(
    'RotateRole',
    [
      'secretsmanager:ListSecretVersionIds',
      'secretsmanager:PutSecretValue',
      'secretsmanager:TagResource',
      'secretsmanager:UntagResource',
      'secretsmanager:UpdateSecretVersionStage',
    ],
    SECRETS,
  ),
  ...each('RotateRole', ['kms:GenerateDataKey'], [KEY], ` if ${VIA} (option HasKmsKey)`),
  ...each(
    'RotateRole',
    ['ssm:SendCommand'],
    [`arn:{AWS::Partition}:ssm:${ACCOUNT}:document/{SecretDocument}`],
  ),
  ...each(
    'RotateRole',
    ['ssm:SendCommand'],
    [`arn:{AWS::Partition}:ec2:${ACCOUNT}:instance/*`],
    ' if { StringEquals: { ssm:resourceTag/streampass: [red5, jitsi, rtcstats] } }',
  ),
  ...each(
    'RotateRole',
    ['ec2:DescribeInstances', 'ssm:GetCommandInvocation', 'ssm:ListCommandInvocations', 'ssm:ListCommands'],
    ['*'],
  ),
  ...each('RotateRole', ['sqs:SendMessage'], ['{DeadLetters.Arn}']),

  `scheduler.amazonaws.com may be SchedulerRole if ${OUR_ACCOUNT}`,
  ...each(
    'SchedulerRole',
    ['lambda:InvokeFunction'],
    [`arn:{AWS::Partition}:lambda:${ACCOUNT}:function:streampass-dev-rotate`],
  ),
  ...each('SchedulerRole', ['sqs:SendMessage'], ['{DeadLetters.Arn}']),

  ...node('Red5NodePolicy', '{Red5Secret}'),
  ...node('JitsiNodePolicy', '{JitsiSecret}'),
  ...node('RtcstatsNodePolicy', '{RtcstatsSecret}'),

  ...['Token', 'Metadata', 'Health', 'Keys', 'Callbacks', 'Whip'].flatMap(invokedByApi),
  ...each(
    '{ Service: [cloudwatch.amazonaws.com, events.amazonaws.com] }',
    ['sns:Publish'],
    ['{AlarmTopic}'],
    ` if ${OUR_ACCOUNT}`,
  ),
  ...['', '/*'].map(
    (path) =>
      `* must not s3:* on arn:{AWS::Partition}:s3:::{ServerlessDeploymentBucket}${path} if { Bool: { aws:SecureTransport: false } }`,
  ),
].toSorted();
