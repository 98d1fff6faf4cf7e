import { DescribeInstancesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { runCommand } from '../../lib/aws/run-command.ts';

test('instances of EC2 that run and hybrid nodes with the tag are the fleet, page by page', async () => {
  const asked: unknown[] = [];
  const ec2 = {
    async send(command: DescribeInstancesCommand) {
      asked.push(command.input);
      return command.input.NextToken === undefined
        ? { Reservations: [{ Instances: [{ InstanceId: 'i-1' }] }], NextToken: 'more' }
        : { Reservations: [{ Instances: [{ InstanceId: 'i-2' }] }] };
    },
  } as unknown as Pick<EC2Client, 'send'>;
  const ssm = {
    async send(command: DescribeInstanceInformationCommand) {
      asked.push(command.input);
      return { InstanceInformationList: [{ InstanceId: 'mi-1' }] };
    },
  } as unknown as Pick<SSMClient, 'send'>;

  const commands = runCommand(ssm, ec2, () => 1_900_000_000);
  expect(await commands.instances({ key: 'streampass', value: 'red5' })).toEqual(['i-1', 'i-2', 'mi-1']);
  expect(asked).toMatchObject([
    { Filters: [{ Name: 'tag:streampass', Values: ['red5'] }, { Name: 'instance-state-name' }] },
    { NextToken: 'more' },
    {
      Filters: [
        { Key: 'tag:streampass', Values: ['red5'] },
        { Key: 'ResourceType', Values: ['ManagedInstance'] },
      ],
    },
  ]);
});
