import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, type ScalarTag } from 'yaml';
import type { PackagedStack } from './package-stack.ts';
import { ROOT } from '../../support/project.ts';
import { templateProblems } from '../generated/template-problems.ts';
import {
  asText,
  changed,
  field,
  resourcesOf,
  type Mutable,
  type Properties,
  type Template,
} from '../generated/template.ts';

/** What the template is made of, and that it is what CloudFormation takes. */
export function describeTemplate(packaged: () => PackagedStack): void {
  describe('the template', () => {
    test('is what CloudFormation specifies', () => {
      expect(templateProblems(packaged().template)).toEqual([]);
    });

    test.each(['infra/cognito.yml', 'infra/deploy-role.yml'])(
      '%s is what CloudFormation specifies',
      (file) => {
        expect(templateProblems(readYamlTemplate(file))).toEqual([]);
      },
    );

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
        'is not a number',
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
      [
        'a dependency on what may not be there',
        ({ Resources }) => {
          Resources['Dashboard']!.DependsOn = ['DeadLetters'];
          (Resources['DeadLetters'] as { Condition?: string }).Condition = 'Sometimes';
        },
        'depends on DeadLetters, which has the condition Sometimes',
      ],
    ])('is checked: %s is found', (_, change, problem) => {
      expect(templateProblems(changed(packaged().template, change)).join('\n')).toContain(problem);
    });

    test('has these resources and no others', () => {
      const counts = new Map<string, number>();
      for (const { Type } of Object.values(packaged().template.Resources))
        counts.set(Type, (counts.get(Type) ?? 0) + 1);
      expect(Object.fromEntries(counts)).toMatchInlineSnapshot(`
        {
          "AWS::ApiGatewayV2::Api": 1,
          "AWS::ApiGatewayV2::ApiMapping": 1,
          "AWS::ApiGatewayV2::DomainName": 1,
          "AWS::ApiGatewayV2::Integration": 9,
          "AWS::ApiGatewayV2::Route": 18,
          "AWS::ApiGatewayV2::Stage": 1,
          "AWS::CloudWatch::Alarm": 50,
          "AWS::CloudWatch::Dashboard": 1,
          "AWS::CloudWatch::InsightRule": 2,
          "AWS::DynamoDB::Table": 3,
          "AWS::Events::Rule": 2,
          "AWS::IAM::ManagedPolicy": 5,
          "AWS::IAM::Role": 12,
          "AWS::Lambda::Alias": 1,
          "AWS::Lambda::EventInvokeConfig": 1,
          "AWS::Lambda::Function": 11,
          "AWS::Lambda::Permission": 9,
          "AWS::Lambda::Version": 1,
          "AWS::Logs::LogGroup": 12,
          "AWS::Logs::MetricFilter": 1,
          "AWS::Logs::QueryDefinition": 10,
          "AWS::S3::Bucket": 1,
          "AWS::S3::BucketPolicy": 1,
          "AWS::SNS::Subscription": 2,
          "AWS::SNS::Topic": 1,
          "AWS::SNS::TopicPolicy": 1,
          "AWS::SQS::Queue": 1,
          "AWS::SSM::Document": 1,
          "AWS::Scheduler::Schedule": 1,
          "AWS::SecretsManager::Secret": 6,
        }
      `);
    });

    test('runs every function on Node 24 and arm64 with a role and a log of its own', () => {
      const functions = resourcesOf(packaged().template, 'AWS::Lambda::Function');
      expect(functions).toHaveLength(11);
      expect(new Set(functions.map(({ Properties }) => Properties?.['Runtime']))).toEqual(
        new Set(['nodejs24.x']),
      );
      expect(new Set(functions.map(({ Properties }) => asText(Properties?.['Architectures'])))).toEqual(
        new Set(['["arm64"]']),
      );
      expect(new Set(functions.map(({ Properties }) => asText(Properties?.['Role']))).size).toBe(11);
      for (const { Properties } of resourcesOf(packaged().template, 'AWS::Logs::LogGroup')) {
        expect(Properties).toMatchObject({
          RetentionInDays: 30,
          KmsKeyId: 'arn:aws:kms:eu-west-1:111122223333:key/logs',
        });
      }
    });

    test('runs rotate every minute, once at a time, and keeps what could not be delivered', () => {
      const { Resources } = packaged().template;
      expect(Resources['RotateLambdaFunction']?.Properties?.['ReservedConcurrentExecutions']).toBe(1);
      expect(
        resourcesOf(packaged().template, 'AWS::Scheduler::Schedule').map(({ Properties }) => Properties),
      ).toEqual([
        expect.objectContaining({
          Name: 'streampass-dev-advance',
          ScheduleExpression: 'rate(1 minute)',
          Target: {
            Arn: { 'Fn::GetAtt': ['RotateLambdaFunction', 'Arn'] },
            RoleArn: { 'Fn::GetAtt': ['SchedulerRole', 'Arn'] },
            Input: '{"action":"advance"}',
            RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 },
            DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } },
          },
        }),
      ]);
      expect(Resources['RotateLambdaEvConf']?.Properties).toMatchObject({
        DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } } },
      });
    });

    test('has what the deploy options ask of osls', () => {
      const { Resources } = packaged().template;
      expect(Resources['TokenProvConcLambdaAlias']?.Properties).toMatchObject({
        ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 },
      });
      const vpc = { SubnetIds: ['subnet-0a'], SecurityGroupIds: ['sg-0b'] };
      expect(Resources['RotateLambdaFunction']?.Properties?.['VpcConfig']).toEqual(vpc);
      expect(Resources['KeysLambdaFunction']?.Properties?.['VpcConfig']).toBeUndefined();
      expect(Resources['TokenLambdaFunction']?.Properties).toMatchObject({
        Tags: [{ Key: 'team', Value: 'streaming' }],
        LoggingConfig: { ApplicationLogLevel: 'INFO', SystemLogLevel: 'WARN' },
      });
      const traced = Object.entries(Resources).filter(([, { Properties }]) => Properties?.['Layers']);
      expect(traced.map(([name]) => name).toSorted()).toEqual(['KeysLambdaFunction', 'TokenLambdaFunction']);
      for (const [, { Properties }] of traced) {
        expect(Properties).toMatchObject({
          Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/otel-handler' } },
        });
      }
    });

    test('throttles every route, and answers the origins that were given', () => {
      const stage = packaged().template.Resources['HttpApiStage']?.Properties;
      const routes = resourcesOf(packaged().template, 'AWS::ApiGatewayV2::Route').map((route) =>
        asText(route.Properties?.['RouteKey']),
      );
      expect(stage?.['DefaultRouteSettings']).toMatchObject({ ThrottlingRateLimit: expect.any(Number) });
      expect(Object.keys((stage?.['RouteSettings'] ?? {}) as Properties).toSorted()).toEqual(
        routes.toSorted(),
      );
      expect(field(packaged().template.Resources['HttpApi']?.Properties, 'CorsConfiguration')).toMatchObject({
        AllowOrigins: ['https://app.example.com', 'https://www.example.com'],
        AllowHeaders: ['content-type', 'authorization', 'traceparent'],
        ExposeHeaders: ['retry-after'],
      });
    });

    test('logs no header, query or body of a request', () => {
      const format = String(
        field(packaged().template.Resources['HttpApiStage']?.Properties?.['AccessLogSettings'], 'Format'),
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
  });
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
  return parse(readFileSync(join(ROOT, file), 'utf8'), { customTags: customTags as never }) as Template;
}
