import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, type ScalarTag } from 'yaml';
import type { PackagedStack } from './package-stack.ts';
import { FUNCTIONS } from './package-stack.ts';
import { ROOT } from '../../support/project.ts';
import { templateProblems } from './template-problems.ts';
import { changed, field, resourcesOf, type Mutable, type Properties, type Template } from './template.ts';

/** What the template is made of, and that it is what CloudFormation takes. */
export function describeTemplate(packaged: () => PackagedStack): void {
  describe('the template', () => {
    test('is what CloudFormation specifies', () => {
      expect(templateProblems(packaged().template)).toEqual([]);
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
          "AWS::ApiGatewayV2::Integration": 6,
          "AWS::ApiGatewayV2::Route": 13,
          "AWS::ApiGatewayV2::Stage": 1,
          "AWS::CloudWatch::Alarm": 11,
          "AWS::CloudWatch::Dashboard": 1,
          "AWS::CloudWatch::InsightRule": 2,
          "AWS::DynamoDB::Table": 1,
          "AWS::Events::Rule": 1,
          "AWS::IAM::ManagedPolicy": 3,
          "AWS::IAM::Role": 9,
          "AWS::Lambda::EventInvokeConfig": 1,
          "AWS::Lambda::Function": 8,
          "AWS::Lambda::Permission": 6,
          "AWS::Logs::LogGroup": 9,
          "AWS::Logs::MetricFilter": 1,
          "AWS::Logs::QueryDefinition": 8,
          "AWS::S3::Bucket": 1,
          "AWS::S3::BucketPolicy": 1,
          "AWS::SNS::Subscription": 1,
          "AWS::SNS::Topic": 1,
          "AWS::SNS::TopicPolicy": 1,
          "AWS::SQS::Queue": 1,
          "AWS::SSM::Document": 1,
          "AWS::Scheduler::Schedule": 2,
          "AWS::SecretsManager::Secret": 4,
        }
      `);
    });

    test('makes secrets empty, and keeps them and the deny table when the stack goes', () => {
      const kept = Object.values(packaged().template.Resources).filter(({ Type }) =>
        ['AWS::SecretsManager::Secret', 'AWS::DynamoDB::Table'].includes(Type),
      );
      expect(kept).toHaveLength(5);
      for (const resource of kept) {
        expect(resource).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
        expect(Object.keys(resource.Properties ?? {})).not.toContain('SecretString');
        expect(Object.keys(resource.Properties ?? {})).not.toContain('GenerateSecretString');
      }
      expect(kept.map(({ Properties }) => Properties?.['Name']).filter(Boolean)).toEqual([
        'streampass/dev/red5',
        'streampass/dev/jitsi',
        'streampass/dev/rtcstats',
        'streampass/dev/stream-keys',
      ]);
    });

    test('runs every function on Node 24 and arm64 with a role and a log of its own', () => {
      const functions = resourcesOf(packaged().template, 'AWS::Lambda::Function');
      expect(functions.map(({ Properties }) => Properties?.['Runtime'])).toEqual(
        FUNCTIONS.map(() => 'nodejs24.x'),
      );
      expect(functions.map(({ Properties }) => Properties?.['Architectures'])).toEqual(
        FUNCTIONS.map(() => ['arm64']),
      );
      expect(new Set(functions.map(({ Properties }) => JSON.stringify(Properties?.['Role']))).size).toBe(
        FUNCTIONS.length,
      );
      for (const { Properties } of resourcesOf(packaged().template, 'AWS::Logs::LogGroup')) {
        expect(Properties?.['RetentionInDays']).toBe(365);
      }
    });

    test('lets rotate run once at a time, on schedules that retry and whose failures are kept', () => {
      expect(
        packaged().template.Resources['RotateLambdaFunction']?.Properties?.['ReservedConcurrentExecutions'],
      ).toEqual({
        'Fn::If': ['ReserveRotate', 1, { Ref: 'AWS::NoValue' }],
      });
      const schedules = resourcesOf(packaged().template, 'AWS::Scheduler::Schedule').map(
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
      expect(packaged().template.Resources['RotateLambdaEvConf']?.Properties).toMatchObject({
        DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } } },
      });
    });

    test('throttles every route, and answers the origins that were given', () => {
      const stage = packaged().template.Resources['HttpApiStage']?.Properties;
      const routes = resourcesOf(packaged().template, 'AWS::ApiGatewayV2::Route').map(
        (route) => route.Properties?.['RouteKey'],
      );
      expect(stage?.['DefaultRouteSettings']).toMatchObject({ ThrottlingRateLimit: expect.any(Number) });
      for (const route of Object.keys((stage?.['RouteSettings'] ?? {}) as Properties))
        expect(routes).toContain(route);
      expect(field(packaged().template.Resources['HttpApi']?.Properties, 'CorsConfiguration')).toMatchObject({
        AllowOrigins: ['https://app.example.com', 'https://www.example.com'],
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

    test.each([
      'https://app.example.com/',
      'app.example.com',
      '*',
      'https://a.example, https://b.example',
      '',
    ])('refuses %j for an origin', async (corsOrigins) => {
      const parameters = createRequire(import.meta.url)('../../../infra/parameters.cjs') as {
        allowedOrigins(serverless: { resolveVariable(name: string): Promise<string> }): Promise<string[]>;
      };
      const origins = parameters.allowedOrigins({ resolveVariable: async () => corsOrigins });
      await expect(origins).rejects.toThrow('is no origin');
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
