import { expect, test } from 'vitest';
import { hours, kms, mediamtx, red5, ssm } from '../../../lib/config/index.ts';
import { generatedTemplate } from './generated.ts';
import { contextOf, SCENARIOS } from './scenarios.ts';

const { issuers, deploy } = SCENARIOS['five kinds with every option'];
const { authorizer: _red5, existingSecrets: _livekit, ...options } = deploy;

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
  const names = Array.from({ length: 20 }, (_, index) => `a-target-with-a-long-name-${index}`);
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
  const { Resources, Outputs = {} } = generatedTemplate(contextOf(definition, 's'.repeat(32)));
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
