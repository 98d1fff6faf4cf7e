import { describe, expect, test } from 'vitest';
import type { ConfigInput } from '../../../lib/config/config.ts';
import { hours, kms, mediamtx, red5, ssm } from '../../../lib/config/index.ts';
import { limitProblems } from '../../../infra/stack/limits.ts';
import { generatedTemplate } from './generated.ts';
import { contextOf, SCENARIOS } from './scenarios.ts';

const { issuers, deploy } = SCENARIOS['five kinds with every option'];
const { authorizer: _red5, existingSecrets: _livekit, ...options } = deploy;

function templateOf(
  count: number,
  make: (name: string) => ConfigInput['targets'][string],
  rule: object = {},
) {
  const names = Array.from({ length: count }, (_, index) => `a-target-with-a-long-name-${index}`);
  const definition = {
    issuers,
    targets: Object.fromEntries(names.map((name) => [name, make(name)])),
    grants: names.map((target) => ({
      target,
      actions: ['publish'],
      rooms: ['*'],
      ttl: hours(1),
      ...rule,
    })),
    deploy: options,
  };
  return generatedTemplate(contextOf(definition, 's'.repeat(32)));
}

/**
 * With twenty targets, and half of each limit for what osls adds.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
test.each([
  [
    'secrets, servers and stream keys',
    (name: string) =>
      red5({
        issuer: 'streampass',
        fleet: ssm({
          tag: { key: 'streampass', value: name },
          roleArn: `arn:aws:iam::444455556666:role/${name}`,
        }),
      }),
    { streamKeys: { longest: hours(24) } },
  ],
  ['keys in KMS', () => mediamtx({ issuer: 'streampass', signer: kms() }), {}],
  [
    'shared secrets in KMS, and servers that report',
    () => red5({ issuer: 'streampass', signer: kms(), fleet: { by: 'reported' } }),
    {},
  ],
])('twenty targets with %s stay within the limits of CloudFormation, IAM and CloudWatch', (_, make, rule) => {
  const { Resources, Outputs = {} } = templateOf(20, make, rule);
  const ofType = (type: string) => Object.values(Resources).filter(({ Type }) => Type === type);
  const size = (value: unknown) => JSON.stringify(value ?? '').length;
  expect(Object.keys(Resources).length).toBeLessThan(250);
  expect(size({ Resources, Outputs })).toBeLessThan(500_000);
  expect(Object.keys(Outputs).length).toBeLessThan(100);
  for (const { Properties = {} } of ofType('AWS::IAM::Role'))
    expect(size(Properties['Policies'])).toBeLessThan(10_240);
  for (const { Properties = {} } of ofType('AWS::CloudWatch::Alarm'))
    expect(((Properties['Metrics'] ?? []) as readonly unknown[]).length).toBeLessThanOrEqual(10);
  for (const { Properties = {} } of ofType('AWS::Events::Rule'))
    expect(size(Properties['EventPattern'])).toBeLessThan(2048);
});

describe('what AWS would not take is refused, one line each', () => {
  const kmsTarget = () => mediamtx({ issuer: 'streampass', signer: kms() });
  const reason = 'divide what is configured among several stages';

  test('too many targets with keys in KMS', () => {
    expect(limitProblems(templateOf(20, kmsTarget), 'ap-southeast-2')).toEqual([]);
    expect(limitProblems(templateOf(24, kmsTarget), 'ap-southeast-2')).toEqual([
      expect.stringMatching(`^RotateRole has \\d+ characters of policies, and AWS takes 10240: ${reason}$`),
    ]);
  });

  const resources = (count: number, Type: string, Properties = {}) => ({
    Resources: Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`R${index}`, { Type, Properties }]),
    ),
  });
  const variables = (size: number) => ({
    Environment: { Variables: { A: 'x'.repeat(size - '{"A":""}'.length) } },
  });
  /** A role of this size as IAM counts it: without white space, in the region's own ARNs. */
  const policies = (size: number) => {
    const [before, after] = ['arn:aws:s3:eu-west-1:111122223333:', '{"Resource":""}'];
    const Resource = {
      'Fn::Sub': `arn:\${AWS::Partition}:s3:\${AWS::Region}:\${AWS::AccountId}: ${'x'.repeat(size - before.length - after.length)}`,
    };
    return { Policies: [{ PolicyName: 'one', PolicyDocument: { Resource } }] };
  };

  test.each([
    [
      '500 resources',
      resources(500, 'A'),
      resources(501, 'A'),
      'the stack has 501 resources, and AWS takes 500',
    ],
    [
      'an environment of 4 KB',
      resources(1, 'AWS::Lambda::Function', variables(4096)),
      resources(1, 'AWS::Lambda::Function', variables(4097)),
      'R0 has 4097 bytes of environment variables, and AWS takes 4096',
    ],
    [
      'a role of 10,240 characters',
      resources(1, 'AWS::IAM::Role', policies(10_240)),
      resources(1, 'AWS::IAM::Role', policies(10_241)),
      'R0 has 10241 characters of policies, and AWS takes 10240',
    ],
    [
      'a template of 1 MB',
      resources(1, 'A', { B: 'x'.repeat(999_945) }),
      resources(1, 'A', { B: 'x'.repeat(999_946) }),
      'the stack has 1000001 bytes of template, and AWS takes 1000000',
    ],
  ])('%s is not, and more is', (_, allowed, refused, line) => {
    expect(limitProblems(allowed, 'eu-west-1')).toEqual([]);
    expect(limitProblems(refused, 'eu-west-1')).toEqual([`${line}: ${reason}`]);
  });
});
