/** Who may do what, written down by hand for each kind of configuration. A line more is a line to argue for. */

import type { StackContext } from '../../../infra/stack/context.ts';

const ACCOUNT = '{AWS::Region}:{AWS::AccountId}';
const VIA = '{ StringEquals: { kms:ViaService: secretsmanager.{AWS::Region}.amazonaws.com } }';
const OUR_ACCOUNT = '{ StringEquals: { aws:SourceAccount: {AWS::AccountId} } }';
const READ_LABELS = ['secretsmanager:DescribeSecret'];
const READ_VALUES = ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'];
const INTERFACES = ['AssignPrivateIpAddresses', 'CreateNetworkInterface', 'DeleteNetworkInterface'].concat([
  'DescribeNetworkInterfaces',
  'DescribeSubnets',
  'UnassignPrivateIpAddresses',
]);

const each = (holder: string, actions: readonly string[], resources: readonly string[], ending = '') =>
  actions.flatMap((action) => resources.map((resource) => `${holder} may ${action} on ${resource}${ending}`));

/** Every permission that the generated part of a stack may give, sorted; the rest is osls's own. */
export function allowedPermissions({ config, stage }: StackContext): string[] {
  const { deploy, targets } = config;
  const names = Object.keys(targets);
  const id = (name: string) => (name.charAt(0).toUpperCase() + name.slice(1)).replace('-', 'Dash');
  const exists = (name: string) =>
    Array.isArray(deploy.existingSecrets) && deploy.existingSecrets.includes(name);
  const secret = (name: string) =>
    exists(name)
      ? `arn:{AWS::Partition}:secretsmanager:${ACCOUNT}:secret:${targets[name]?.secret}-??????`
      : `{${id(name)}Secret}`;
  const secrets = (chosen: readonly string[]) => chosen.map(secret);
  const streamKeys = config.streamKeys === undefined ? [] : ['stream-keys'];
  const signing = [...names, ...streamKeys];
  const having = (address: 'whipUrl' | 'livekitUrl') =>
    names.filter((name) => targets[name]?.[address] !== undefined);
  const key = deploy.kmsKeys?.secrets;
  const withKey = (role: string, actions: readonly string[]) =>
    key === undefined ? [] : each(role, actions, [key], ` if ${VIA}`);
  const table = (name: string) =>
    `arn:{AWS::Partition}:dynamodb:${ACCOUNT}:table/streampass-${stage}-${name}`;
  const fleets = names.map((name) => [name, targets[name]?.fleet] as const);
  const ssm = fleets.flatMap(([, fleet]) => (fleet?.by === 'ssm' ? [fleet] : []));
  const reporting = fleets.flatMap(([name, fleet]) => (fleet?.by === 'reported' ? [name] : []));
  const kicking = names.filter((name) => targets[name]?.kick);
  const publicKeys = names.filter((name) => targets[name]?.keys === 'jwks');

  const inKms = (chosen: readonly string[]) => chosen.filter((name) => targets[name]?.signer !== undefined);
  const notInKms = (chosen: readonly string[]) =>
    chosen.filter((name) => targets[name]?.signer === undefined);
  const anyKey = `arn:{AWS::Partition}:kms:${ACCOUNT}:key/*`;
  const asAlias = (chosen: readonly string[]) =>
    `StringLike: { kms:RequestAlias: [${chosen.map((name) => `${targets[name]?.signer?.keyId}/*`).join(', ')}] }`;
  const isShared = (name: string) => targets[name]?.signing === 'HS256';
  const onAliases = (role: string, action: string, chosen: readonly string[]) =>
    chosen.length === 0 ? [] : each(role, [action], [anyKey], ` if { ${asAlias(chosen)} }`);
  const looksAt = (role: string, chosen: readonly string[]) => [
    ...onAliases(
      role,
      'kms:GetPublicKey',
      inKms(chosen).filter((name) => !isShared(name)),
    ),
    ...onAliases(role, 'kms:DescribeKey', inKms(chosen).filter(isShared)),
  ];
  const signsFor = (role: string, chosen: readonly string[]) => [
    ...onAliases(role, 'kms:GenerateMac', inKms(chosen).filter(isShared)),
    ...[
      ['ES256', 'ECDSA_SHA_256'],
      ['RS256', 'RSASSA_PKCS1_V1_5_SHA_256'],
    ].flatMap(([signing, algorithm]) => {
      const those = inKms(chosen).filter((name) => targets[name]?.signing === signing);
      const how = `StringEquals: { kms:MessageType: DIGEST, kms:SigningAlgorithm: ${algorithm} }`;
      return those.length === 0
        ? []
        : each(role, ['kms:Sign'], [anyKey], ` if { ${how}, ${asAlias(those)} }`);
    }),
  ];
  const rotating = signing.filter((name) => targets[name]?.rotates !== false);
  const made = inKms(rotating);
  const specs = [
    ...(made.some((name) => targets[name]?.signing === 'ES256') ? ['ECC_NIST_P256'] : []),
    ...(made.some((name) => targets[name]?.signing === 'RS256') ? ['RSA_2048'] : []),
  ].join(', ');
  const ofThatKind = ` if { StringEquals: { kms:KeySpec: [${specs}], kms:KeyUsage: SIGN_VERIFY, kms:KeyOrigin: AWS_KMS } }`;

  const shared = made.filter(isShared);
  const ofSharedKind =
    ' if { StringEquals: { kms:KeySpec: [HMAC_256], kms:KeyUsage: GENERATE_VERIFY_MAC, kms:KeyOrigin: EXTERNAL } }';

  const lambda = (name: string, role: string) => [
    `lambda.amazonaws.com may be ${role}`,
    ...each(
      role,
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      [`arn:{AWS::Partition}:logs:${ACCOUNT}:log-group:/aws/lambda/streampass-${stage}-${name}:*`],
    ),
    ...(deploy.vpc?.functions?.includes(name)
      ? INTERFACES.flatMap((action) => [
          `${role} may ec2:${action} on *`,
          `${role} must not ec2:${action} on * if { ArnEquals: { lambda:SourceFunctionArn: arn:{AWS::Partition}:lambda:${ACCOUNT}:function:streampass-${stage}-${name} } }`,
        ])
      : []),
  ];
  const reads = (role: string, chosen: readonly string[]) => [
    ...each(role, READ_VALUES, secrets(notInKms(chosen))),
    ...each(role, READ_LABELS, secrets(inKms(chosen))),
    ...(notInKms(chosen).length === 0 ? [] : withKey(role, ['kms:Decrypt'])),
    ...looksAt(role, chosen),
  ];
  const readsAndVerifies = (role: string, chosen: readonly string[]) => [
    ...reads(role, chosen),
    ...onAliases(role, 'kms:VerifyMac', inKms(chosen).filter(isShared)),
  ];
  const readsAndSigns = (role: string, chosen: readonly string[]) => [
    ...reads(role, chosen),
    ...signsFor(role, chosen),
  ];
  const readsDenyTable = (role: string) => each(role, ['dynamodb:BatchGetItem'], [table('deny')]);

  return [
    ...lambda('token', 'TokenRole'),
    ...readsAndSigns('TokenRole', signing),
    ...readsDenyTable('TokenRole'),

    ...lambda('metadata', 'MetadataRole'),

    ...lambda('health', 'HealthRole'),
    ...each('HealthRole', READ_LABELS, secrets(signing)),

    ...lambda('keys', 'KeysRole'),
    ...reads('KeysRole', publicKeys),

    ...(streamKeys.length === 0
      ? []
      : [
          ...lambda('whip', 'WhipRole'),
          ...readsAndSigns('WhipRole', [...having('whipUrl'), ...streamKeys]),
          ...readsDenyTable('WhipRole'),
        ]),

    ...(having('livekitUrl').length > 0
      ? [
          ...lambda('livekit', 'LivekitRole'),
          ...readsAndSigns('LivekitRole', having('livekitUrl')),
          ...readsDenyTable('LivekitRole'),
        ]
      : []),

    ...lambda('callbacks', 'CallbacksRole'),
    ...readsAndVerifies('CallbacksRole', names),
    ...readsDenyTable('CallbacksRole'),
    ...each('CallbacksRole', ['dynamodb:PutItem', 'dynamodb:DeleteItem'], [table('streams')]),
    ...(deploy.callerSecret === undefined
      ? []
      : each('CallbacksRole', READ_VALUES, [
          `arn:{AWS::Partition}:secretsmanager:${ACCOUNT}:secret:${deploy.callerSecret}-??????`,
        ])),

    ...lambda('authorizer', 'AuthorizerRole'),
    ...readsAndVerifies('AuthorizerRole', names),
    ...readsDenyTable('AuthorizerRole'),

    ...(reporting.length === 0
      ? []
      : [
          ...lambda('nodes', 'NodesRole'),
          ...readsAndVerifies('NodesRole', reporting),
          ...each('NodesRole', ['dynamodb:PutItem'], [table('nodes')]),
          ...each('RotateRole', ['dynamodb:Query'], [table('nodes')]),
        ]),

    ...(kicking.length === 0
      ? []
      : [
          ...lambda('denials', 'DenialsRole'),
          ...readsAndVerifies('DenialsRole', kicking),
          ...each('DenialsRole', ['dynamodb:Scan'], [table('deny')]),
          ...each('DenialsRole', ['dynamodb:PutItem'], [table('nodes')]),
        ]),

    ...lambda('rotate', 'RotateRole'),
    ...each(
      'RotateRole',
      [
        ...READ_LABELS,
        'secretsmanager:ListSecretVersionIds',
        'secretsmanager:PutSecretValue',
        'secretsmanager:TagResource',
        'secretsmanager:UntagResource',
        'secretsmanager:UpdateSecretVersionStage',
      ],
      secrets(rotating),
    ),
    ...each('RotateRole', ['secretsmanager:GetSecretValue'], secrets(notInKms(rotating))),
    ...withKey('RotateRole', ['kms:Decrypt', 'kms:GenerateDataKey']),
    ...(made.length === 0
      ? []
      : [
          ...(shared.length === made.length
            ? []
            : [
                ...each('RotateRole', ['kms:CreateKey'], ['*'], ofThatKind),
                ...each('RotateRole', ['kms:CreateAlias'], [anyKey], ofThatKind),
              ]),
          ...(shared.length === 0
            ? []
            : [
                ...each('RotateRole', ['kms:CreateKey'], ['*'], ofSharedKind),
                ...each(
                  'RotateRole',
                  [
                    'kms:CreateAlias',
                    'kms:GetParametersForImport',
                    'kms:ImportKeyMaterial',
                    'kms:UpdateKeyDescription',
                  ],
                  [anyKey],
                  ofSharedKind,
                ),
              ]),
          ...each(
            'RotateRole',
            ['kms:CreateAlias'],
            made.map((name) => `arn:{AWS::Partition}:kms:${ACCOUNT}:${targets[name]?.signer?.keyId}/*`),
          ),
          ...each(
            'RotateRole',
            ['kms:TagResource'],
            [anyKey],
            ' if { ForAllValues:StringEquals: { aws:TagKeys: [streampass:alias] } }',
          ),
          ...looksAt('RotateRole', made),
          ...signsFor(
            'RotateRole',
            made.filter((name) => targets[name]?.fleet?.probe !== undefined),
          ),
        ]),
    ...(ssm.length === 0
      ? []
      : [
          ...each(
            'RotateRole',
            ['ssm:SendCommand'],
            [`arn:{AWS::Partition}:ssm:${ACCOUNT}:document/streampass-${stage}-secret`],
          ),
          ...[...new Set(ssm.map(({ tag }) => tag.key))].flatMap((tagKey) =>
            each(
              'RotateRole',
              ['ssm:SendCommand'],
              [
                `arn:{AWS::Partition}:ec2:${ACCOUNT}:instance/*`,
                `arn:{AWS::Partition}:ssm:${ACCOUNT}:managed-instance/*`,
              ],
              ` if { StringEquals: { ssm:resourceTag/${tagKey}: [${ssm
                .filter(({ tag }) => tag.key === tagKey)
                .map(({ tag }) => tag.value)
                .join(', ')}] } }`,
            ),
          ),
          ...each(
            'RotateRole',
            [
              'ec2:DescribeInstances',
              'ssm:DescribeInstanceInformation',
              'ssm:ListCommandInvocations',
              'ssm:ListCommands',
            ],
            ['*'],
          ),
        ]),
    ...ssm.flatMap(({ roleArn }) => (roleArn ? each('RotateRole', ['sts:AssumeRole'], [roleArn]) : [])),
    ...each('RotateRole', ['sqs:SendMessage'], ['{DeadLetters.Arn}']),

    `scheduler.amazonaws.com may be SchedulerRole if ${OUR_ACCOUNT}`,
    ...each(
      'SchedulerRole',
      ['lambda:InvokeFunction'],
      [`arn:{AWS::Partition}:lambda:${ACCOUNT}:function:streampass-${stage}-rotate`],
    ),
    ...each('SchedulerRole', ['sqs:SendMessage'], ['{DeadLetters.Arn}']),

    ...names.flatMap((name) =>
      publicKeys.includes(name)
        ? []
        : [
            ...each(`${id(name)}NodePolicy`, ['secretsmanager:GetSecretValue'], [secret(name)]),
            ...withKey(`${id(name)}NodePolicy`, ['kms:Decrypt']),
          ],
    ),

    ...each('{ Service: cloudwatch.amazonaws.com }', ['sns:Publish'], ['{AlarmTopic}'], ` if ${OUR_ACCOUNT}`),
    // With a condition EventBridge could not deliver.
    ...each('{ Service: events.amazonaws.com }', ['sns:Publish'], ['{AlarmTopic}']),
  ].toSorted();
}
