import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, type ScalarTag } from 'yaml';
import { ALLOWED_PERMISSIONS } from './allowed-permissions.ts';
import { packageStack, type PackagedStack } from './package-stack.ts';
import { permissions } from './permissions.ts';
import { templateProblems } from './template-problems.ts';
import { asText, isList, isObject, type Properties, type Template, type Value } from './template.ts';
import { readZip } from './zip.ts';

const root = join(import.meta.dirname, '../../..');
const FUNCTIONS = ['authorizer', 'health', 'keys', 'metadata', 'red5', 'rotate', 'token'];

/** With every option, since an option only adds values: what is conditional stands in the template either way. */
let stack: PackagedStack;

beforeAll(async () => {
  stack = await packageStack({
    oidcIssuer: 'https://login.example.com',
    oidcAudience: 'streams',
    red5ServerTag: 'streampass=red5',
    red5CallerSecret: 'red5-caller',
    denyTable: 'true',
    kmsKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/5f4d',
    domainName: 'tokens.example.com',
    certificateArn: 'arn:aws:acm:eu-west-1:111122223333:certificate/6a',
    alarmEmail: 'oncall@example.com',
    corsOrigins: 'https://app.example.com,https://www.example.com',
  });
});
afterAll(() => rmSync(stack.folder, { recursive: true, force: true }));

/** A copy of the template with one thing changed. */
function changed(template: Template, change: (copy: Mutable) => void): Template {
  const copy = structuredClone(template) as unknown as Mutable;
  change(copy);
  return copy as unknown as Template;
}
interface Mutable {
  Resources: Record<string, { Type: string; DependsOn?: string[]; Properties: Record<string, unknown> }>;
}

describe('the template', () => {
  test('is what CloudFormation specifies', () => {
    expect(templateProblems(stack.template)).toEqual([]);
  });

  test('of the optional user pool is what CloudFormation specifies', () => {
    expect(templateProblems(readYamlTemplate('infra/cognito.yml'))).toEqual([]);
  });

  test.each<[string, (copy: Mutable) => void, string]>([
    [
      'an unknown type',
      ({ Resources }) => (Resources['DeadLetters']!.Type = 'AWS::SQS::Kueue'),
      'no resource type',
    ],
    [
      'an unknown property',
      ({ Resources }) => (Resources['DeadLetters']!.Properties['Retention'] = 1),
      'has no property Retention',
    ],
    [
      'a missing property',
      ({ Resources }) => delete Resources['TokenRole']!.Properties['AssumeRolePolicyDocument'],
      'lacks AssumeRolePolicyDocument',
    ],
    [
      'a value of another type',
      ({ Resources }) => (Resources['TokenLambdaFunction']!.Properties['Timeout'] = 'long'),
      'is no number',
    ],
    [
      'a value outside its enumeration',
      ({ Resources }) => (Resources['RotateSchedulerSchedule1']!.Properties['State'] = 'ON'),
      'is none of',
    ],
    [
      'a reference to nothing',
      ({ Resources }) => (Resources['AlarmTopicPolicy']!.Properties['Topics'] = [{ Ref: 'Nobody' }]),
      'Nobody stands for nothing',
    ],
    [
      'an unknown attribute',
      ({ Resources }) =>
        (Resources['AlarmTopicPolicy']!.Properties['Topics'] = [{ 'Fn::GetAtt': ['DeadLetters', 'Url'] }]),
      'has no attribute Url',
    ],
    [
      'a dependency on nothing',
      ({ Resources }) => (Resources['HttpApiStage']!.DependsOn = ['HttpApiRoute']),
      'depends on HttpApiRoute',
    ],
  ])('is checked: %s is found', (_, change, problem) => {
    expect(templateProblems(changed(stack.template, change)).join('\n')).toContain(problem);
  });

  test('has these resources and no others', () => {
    const counts = new Map<string, number>();
    for (const { Type } of Object.values(stack.template.Resources))
      counts.set(Type, (counts.get(Type) ?? 0) + 1);
    expect(Object.fromEntries([...counts].toSorted())).toMatchInlineSnapshot(`
      {
        "AWS::ApiGatewayV2::Api": 1,
        "AWS::ApiGatewayV2::ApiMapping": 1,
        "AWS::ApiGatewayV2::DomainName": 1,
        "AWS::ApiGatewayV2::Integration": 5,
        "AWS::ApiGatewayV2::Route": 10,
        "AWS::ApiGatewayV2::Stage": 1,
        "AWS::CloudWatch::Alarm": 11,
        "AWS::CloudWatch::Dashboard": 1,
        "AWS::CloudWatch::InsightRule": 2,
        "AWS::DynamoDB::Table": 1,
        "AWS::Events::Rule": 1,
        "AWS::IAM::ManagedPolicy": 3,
        "AWS::IAM::Role": 8,
        "AWS::Lambda::EventInvokeConfig": 1,
        "AWS::Lambda::Function": 7,
        "AWS::Lambda::Permission": 5,
        "AWS::Logs::LogGroup": 8,
        "AWS::Logs::MetricFilter": 1,
        "AWS::Logs::QueryDefinition": 7,
        "AWS::S3::Bucket": 1,
        "AWS::S3::BucketPolicy": 1,
        "AWS::SNS::Subscription": 1,
        "AWS::SNS::Topic": 1,
        "AWS::SNS::TopicPolicy": 1,
        "AWS::SQS::Queue": 1,
        "AWS::SSM::Document": 1,
        "AWS::Scheduler::Schedule": 2,
        "AWS::SecretsManager::Secret": 3,
      }
    `);
  });

  test('makes secrets empty, and keeps them and the deny table when the stack goes', () => {
    const kept = Object.values(stack.template.Resources).filter(({ Type }) =>
      ['AWS::SecretsManager::Secret', 'AWS::DynamoDB::Table'].includes(Type),
    );
    expect(kept).toHaveLength(4);
    for (const resource of kept) {
      expect(resource).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
      expect(Object.keys(resource.Properties ?? {})).not.toContain('SecretString');
      expect(Object.keys(resource.Properties ?? {})).not.toContain('GenerateSecretString');
    }
    expect(kept.map(({ Properties }) => Properties?.['Name']).filter(Boolean)).toEqual([
      'streampass/red5',
      'streampass/jitsi',
      'streampass/rtcstats',
    ]);
  });

  test('runs every function on Node 24 and arm64 with a role and a log of its own', () => {
    const functions = resourcesOf(stack.template, 'AWS::Lambda::Function');
    expect(functions.map(({ Properties }) => Properties?.['Runtime'])).toEqual(
      FUNCTIONS.map(() => 'nodejs24.x'),
    );
    expect(functions.map(({ Properties }) => Properties?.['Architectures'])).toEqual(
      FUNCTIONS.map(() => ['arm64']),
    );
    expect(new Set(functions.map(({ Properties }) => JSON.stringify(Properties?.['Role']))).size).toBe(
      FUNCTIONS.length,
    );
    for (const { Properties } of resourcesOf(stack.template, 'AWS::Logs::LogGroup')) {
      expect(Properties?.['RetentionInDays']).toBe(365);
    }
  });

  test('lets rotate run once at a time, on schedules that retry and whose failures are kept', () => {
    expect(
      stack.template.Resources['RotateLambdaFunction']?.Properties?.['ReservedConcurrentExecutions'],
    ).toEqual({
      'Fn::If': ['ReserveRotate', 1, { Ref: 'AWS::NoValue' }],
    });
    const schedules = resourcesOf(stack.template, 'AWS::Scheduler::Schedule').map(
      ({ Properties }) => Properties,
    );
    expect(
      schedules.map((schedule) => [schedule?.['ScheduleExpression'], field(schedule?.['Target'], 'Input')]),
    ).toEqual([
      ['rate(1 minute)', '{"action":"advance"}'],
      ['cron(0 3 1 1,4,7,10 ? *)', '{"action":"start"}'],
    ]);
    for (const schedule of schedules) {
      expect(schedule?.['Target']).toMatchObject({
        RetryPolicy: expect.anything(),
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
      });
    }
    expect(stack.template.Resources['RotateLambdaEvConf']?.Properties).toMatchObject({
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } } },
    });
  });

  test('throttles every route, and answers the origins that were given', () => {
    const stage = stack.template.Resources['HttpApiStage']?.Properties;
    const routes = resourcesOf(stack.template, 'AWS::ApiGatewayV2::Route').map(
      (route) => route.Properties?.['RouteKey'],
    );
    expect(stage?.['DefaultRouteSettings']).toMatchObject({ ThrottlingRateLimit: expect.any(Number) });
    for (const route of Object.keys((stage?.['RouteSettings'] ?? {}) as Properties))
      expect(routes).toContain(route);
    expect(field(stack.template.Resources['HttpApi']?.Properties, 'CorsConfiguration')).toMatchObject({
      AllowOrigins: ['https://app.example.com', 'https://www.example.com'],
      ExposeHeaders: ['retry-after'],
    });
  });

  test('logs no header, query or body of a request', () => {
    const format = String(
      field(stack.template.Resources['HttpApiStage']?.Properties?.['AccessLogSettings'], 'Format'),
    );
    const variables = [...format.matchAll(/\$context\.([A-Za-z.]+)/g)].map(([, name]) => name);
    expect(JSON.parse(format)).toBeTypeOf('object');
    expect(variables).toEqual([
      'requestId',
      'requestTimeEpoch',
      'routeKey',
      'status',
      'protocol',
      'identity.sourceIp',
      'responseLength',
      'responseLatency',
      'integrationLatency',
      'integrationErrorMessage',
    ]);
  });

  test.each(['https://app.example.com/', 'app.example.com', '*', 'https://a.example, https://b.example', ''])(
    'refuses %j for an origin',
    async (corsOrigins) => {
      const parameters = createRequire(import.meta.url)('../../../infra/parameters.cjs') as {
        allowedOrigins(serverless: { resolveVariable(name: string): Promise<string> }): Promise<string[]>;
      };
      const origins = parameters.allowedOrigins({ resolveVariable: async () => corsOrigins });
      await expect(origins).rejects.toThrow('is no origin');
    },
  );
});

describe('the permissions', () => {
  test('are exactly the written ones', () => {
    expect(permissions(stack.template)).toEqual(ALLOWED_PERMISSIONS);
  });

  test('are found when any statement is widened in any way', () => {
    const widenings: ((statement: Record<string, unknown>) => void)[] = [
      (statement) => (statement['Action'] = [statement['Action'], 'iam:PassRole'].flat()),
      (statement) => (statement['Action'] = '*'),
      (statement) => {
        statement['NotAction'] = statement['Action'];
        delete statement['Action'];
      },
      (statement) => (statement['Resource'] = 'arn:aws:s3:::anything'),
      (statement) => (statement['NotResource'] = 'arn:aws:s3:::anything'),
      (statement) => (statement['Condition'] = { Bool: { 'aws:SecureTransport': 'true' } }),
      (statement) => (statement['Effect'] = statement['Effect'] === 'Allow' ? 'Deny' : 'Allow'),
      (statement) => (statement['Principal'] = { AWS: '*' }),
    ];
    let widened = 0;
    for (const [name, { Type }] of Object.entries(stack.template.Resources)) {
      if (!/^AWS::IAM::|Policy$/.test(Type)) continue;
      const count = statementsIn(stack.template.Resources[name]?.Properties ?? {}).length;
      expect(count).toBeGreaterThan(0);
      for (let at = 0; at < count; at++) {
        for (const widen of widenings) {
          const wider = changed(stack.template, ({ Resources }) => {
            widen(statementsIn(Resources[name]!.Properties as Properties)[at] as Record<string, unknown>);
          });
          expect([name, at, widen.toString(), permissions(wider)]).not.toEqual([
            name,
            at,
            widen.toString(),
            ALLOWED_PERMISSIONS,
          ]);
          widened++;
        }
      }
    }
    expect(widened).toBeGreaterThan(300);
  });

  test.each<[string, (copy: Mutable) => void]>([
    [
      'a managed policy on a role',
      ({ Resources }) =>
        (Resources['TokenRole']!.Properties['ManagedPolicyArns'] = [
          'arn:aws:iam::aws:policy/AdministratorAccess',
        ]),
    ],
    [
      'a role that a node policy attaches itself to',
      ({ Resources }) => (Resources['Red5NodePolicy']!.Properties['Roles'] = ['somebody']),
    ],
    [
      'a role that anybody may take',
      ({ Resources }) =>
        (Resources['TokenRole']!.Properties['AssumeRolePolicyDocument'] = {
          Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' }],
        }),
    ],
    [
      'a policy of its own',
      ({ Resources }) => (Resources['Extra'] = { Type: 'AWS::IAM::Policy', Properties: {} }),
    ],
    [
      'a caller from anywhere',
      ({ Resources }) => delete Resources['TokenLambdaPermissionHttpApi']!.Properties['SourceArn'],
    ],
  ])('are found when there is %s', (_, change) => {
    expect(permissions(changed(stack.template, change))).not.toEqual(ALLOWED_PERMISSIONS);
  });
});

describe('what is watched', () => {
  const alarms = () => resourcesOf(stack.template, 'AWS::CloudWatch::Alarm');

  test('are metrics that a function really reports', () => {
    const bundles = ['token', 'rotate'].map((name) => [...zipOf(name).values()].join('')).join('');
    const alarmed = alarms().flatMap(({ Properties }) => [
      Properties,
      ...((Properties?.['Metrics'] ?? []) as readonly Value[]).map((one) =>
        field(field(one, 'MetricStat'), 'Metric'),
      ),
    ]);
    const drawn = JSON.stringify(resourcesOf(stack.template, 'AWS::CloudWatch::Dashboard')).replaceAll(
      '\\',
      '',
    );
    const names = new Set([
      ...alarmed
        .filter((one) => field(one, 'Namespace') === 'streampass')
        .map((one) => String(field(one, 'MetricName'))),
      ...[...drawn.matchAll(/MetricName="(\w+)"|"streampass", "(\w+)"/g)].map(
        ([, first, second]) => first ?? second ?? '',
      ),
    ]);
    // Made by the stack itself, from the log.
    names.delete('Denials');
    expect([...names].toSorted()).toEqual([
      'AdvanceHeartbeat',
      'ColdStart',
      'ExchangeLatency',
      'NodesBehind',
      'RingAge',
      'RotationPhaseAge',
      'RotationProblem',
      'SecretAge',
      'TokensDenied',
      'TokensIssued',
    ]);
    for (const name of names) expect(bundles).toContain(name);
  });

  test('ends in an alarm that tells somebody, and that the operator finds in the docs', () => {
    const handbook = readFileSync(join(root, 'docs/operate.md'), 'utf8');
    expect(alarms().length).toBeGreaterThanOrEqual(11);
    for (const { Properties } of alarms()) {
      expect(Properties?.['AlarmActions']).toEqual([{ Ref: 'AlarmTopic' }]);
      const name = asText(Properties?.['AlarmName']).replace('streampass-dev-', '');
      expect(Properties?.['AlarmDescription']).toContain(`docs/operate.md, ${name}`);
      expect(handbook).toContain(`### ${name}\n`);
    }
  });
});

describe('the command for servers', () => {
  const content = () =>
    stack.template.Resources['SecretDocument']?.Properties?.['Content'] as unknown as {
      parameters: Record<
        string,
        { allowedPattern?: string; allowedValues?: string[]; interpolationType: string }
      >;
      mainSteps: [{ inputs: { runCommand: string[] } }];
    };

  test('takes nothing but a mode, a kind, a secret and a version, each held to its grammar', () => {
    const { parameters } = content();
    expect(Object.keys(parameters)).toEqual(['Mode', 'Kind', 'SecretArn', 'VersionId']);
    for (const { allowedPattern, allowedValues, interpolationType } of Object.values(parameters)) {
      expect(interpolationType).toBe('ENV_VAR');
      expect(allowedValues ?? allowedPattern).toBeDefined();
    }
  });

  test.each([
    ['SecretArn', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:streampass/red5-AbCdEf', true],
    ['SecretArn', "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a'; reboot; '", false],
    ['SecretArn', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:$(reboot)', false],
    ['SecretArn', '', false],
    ['VersionId', '6f0d453c-6d37-4bae-a103-a0f82c8e1e72', true],
    ['VersionId', '', true],
    ['VersionId', '6f0d453c-6d37-4bae-a103-a0f82c8e1e72\nreboot', false],
    ['VersionId', '`reboot`-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false],
  ])('judges %s %j: %s', (name, value, accepted) => {
    expect(new RegExp(content().parameters[name]?.allowedPattern ?? '').test(value)).toBe(accepted);
  });

  test.each([
    [
      'an agent that sets variables',
      { SSM_Mode: 'apply', SSM_Kind: 'red5', SSM_SecretArn: 'arn', SSM_VersionId: '' },
      {},
    ],
    [
      'an older agent that replaces text',
      {},
      { Mode: 'apply', Kind: 'red5', SecretArn: 'arn', VersionId: '' },
    ],
  ])('calls the script with its parameters by %s', async (_, env, texts) => {
    let command = content().mainSteps[0].inputs.runCommand.join('\n');
    for (const [name, text] of Object.entries(texts)) command = command.replaceAll(`{{ ${name} }}`, text);
    command = command.replace('exec /usr/local/lib/streampass/streampass-node.sh', 'printf "<%s>"');
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { env });
    expect(stdout).toBe('<apply><--kind><red5><--secret-arn><arn><--version-id><>');
  });
});

describe.each(FUNCTIONS)('the zip of %s', (name) => {
  test('holds one file, which loads where nothing can be written and takes at most two parameters', async () => {
    const files = zipOf(name);
    expect([...files.keys()]).toEqual([`dist/functions/${name}.mjs`]);
    const folder = mkdtempSync(join(tmpdir(), 'streampass-zip-'));
    for (const [path, content] of files) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), content, { mode: 0o444 });
    }
    const load = `const { handler } = await import(${JSON.stringify(join(folder, `dist/functions/${name}.mjs`))}); console.log(JSON.stringify([typeof handler, handler.length, process.versions.node.split('.')[0]])); process.exit(0);`;
    const node24 = join(root, 'node_modules/.bin/node');
    const { stdout } = await promisify(execFile)(
      node24,
      ['--permission', `--allow-fs-read=${folder}`, '--input-type=module', '-e', load],
      { cwd: folder, env: { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:9' } },
    );
    const [type, parameters, major] = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as [
      string,
      number,
      string,
    ];
    expect([type, major]).toEqual(['function', '24']);
    expect(parameters).toBeLessThanOrEqual(2);
    rmSync(folder, { recursive: true, force: true });
  });

  test.skipIf(name === 'rotate')('has no command that changes a secret or a server', () => {
    const text = [...zipOf(name).values()].join('');
    for (const command of [
      'PutSecretValue',
      'UpdateSecretVersionStage',
      'SendCommand',
      'PutItem',
      'UpdateItem',
    ]) {
      expect(text).not.toContain(command);
    }
  });
});

test('packages no function that is not here', () => {
  expect(
    readdirSync(stack.zips)
      .filter((file) => file.endsWith('.zip'))
      .toSorted(),
  ).toEqual(FUNCTIONS.map((name) => `${name}.zip`));
});

function zipOf(name: string): Map<string, Buffer> {
  return readZip(readFileSync(join(stack.zips, `${name}.zip`)));
}

function resourcesOf(template: Template, type: string) {
  return Object.values(template.Resources).filter(({ Type }) => Type === type);
}

function field(value: unknown, key: string): unknown {
  return (value as Record<string, unknown> | undefined)?.[key];
}

/** Every object with an `Effect`, in the order of the template. */
function statementsIn(value: Value): Properties[] {
  if (isList(value)) return value.flatMap(statementsIn);
  if (!isObject(value)) return [];
  return 'Effect' in value ? [value] : Object.values(value).flatMap(statementsIn);
}

/** A template in YAML with CloudFormation's short forms, such as `!Ref`. */
function readYamlTemplate(file: string): Template {
  const long = (tag: string) => (tag === 'Ref' || tag === 'Condition' ? tag : `Fn::${tag}`);
  const names = ['Ref', 'Condition', 'Sub', 'GetAtt', 'If', 'Equals', 'Not', 'And', 'Join'];
  const customTags = names.flatMap((name) => [
    { tag: `!${name}`, resolve: (text: string) => ({ [long(name)]: text }) } satisfies ScalarTag,
    {
      tag: `!${name}`,
      collection: 'seq' as const,
      resolve: (list: { toJSON(): unknown }) => ({ [long(name)]: list.toJSON() }),
    },
  ]);
  return parse(readFileSync(join(root, file), 'utf8'), { customTags: customTags as never }) as Template;
}
