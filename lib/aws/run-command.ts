import { DescribeInstancesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeInstanceInformationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import type { CommandInvocation, RunCommand, SentCommand } from '../fleet/run-command.ts';

/** How far back commands are looked for, in seconds: no command of ours runs longer. */
const LOOK_BACK_SECONDS = 3600;

const ENDED = new Set(['Success', 'Cancelled', 'TimedOut', 'Failed']);

/**
 * Run Command through the AWS SDK.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
 */
export function runCommand(
  ssm: Pick<SSMClient, 'send'>,
  ec2: Pick<EC2Client, 'send'>,
  now: () => number,
): RunCommand {
  /** Machines outside of EC2 that Systems Manager manages (`mi-…`); one that is gone for good is deregistered there. */
  const hybridNodes = async ({ key, value }: { readonly key: string; readonly value: string }) => {
    const ids: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await ssm.send(
        new DescribeInstanceInformationCommand({
          Filters: [
            { Key: `tag:${key}`, Values: [value] },
            { Key: 'ResourceType', Values: ['ManagedInstance'] },
          ],
          MaxResults: 50,
          NextToken,
        }),
      );
      ids.push(...(page.InstanceInformationList ?? []).flatMap(({ InstanceId }) => InstanceId ?? []));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return ids;
  };

  return {
    async instances(tag) {
      const ids: string[] = [];
      let NextToken: string | undefined;
      do {
        const page = await ec2.send(
          new DescribeInstancesCommand({
            Filters: [
              { Name: `tag:${tag.key}`, Values: [tag.value] },
              // An instance that is shutting down may still hold connections open, and takes no new ones.
              { Name: 'instance-state-name', Values: ['running'] },
            ],
            NextToken,
          }),
        );
        for (const { Instances = [] } of page.Reservations ?? []) {
          ids.push(...Instances.flatMap(({ InstanceId }) => InstanceId ?? []));
        }
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return [...ids, ...(await hybridNodes(tag))];
    },

    async executing(document) {
      const commands: SentCommand[] = [];
      let NextToken: string | undefined;
      do {
        const page = await ssm.send(
          new ListCommandsCommand({
            Filters: [
              { key: 'DocumentName', value: document },
              { key: 'ExecutionStage', value: 'Executing' },
              {
                key: 'InvokedAfter',
                value: new Date((now() - LOOK_BACK_SECONDS) * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
              },
            ],
            MaxResults: 50,
            NextToken,
          }),
        );
        for (const { CommandId, RequestedDateTime, Parameters = {}, MaxErrors = '0' } of page.Commands ??
          []) {
          if (CommandId === undefined) continue;
          commands.push({
            id: CommandId,
            requestedAt: (RequestedDateTime?.getTime() ?? 0) / 1000,
            parameters: Parameters,
            maxErrors: MaxErrors,
          });
        }
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return commands.sort((a, b) => b.requestedAt - a.requestedAt);
    },

    async send({ document, to, parameters, maxConcurrency, maxErrors, deliverySeconds }) {
      const sent = await ssm.send(
        new SendCommandCommand({
          DocumentName: document,
          ...('tag' in to
            ? { Targets: [{ Key: `tag:${to.tag.key}`, Values: [to.tag.value] }] }
            : { InstanceIds: [...to.instances] }),
          Parameters: Object.fromEntries(
            Object.entries(parameters).map(([name, values]) => [name, [...values]]),
          ),
          MaxConcurrency: maxConcurrency,
          MaxErrors: maxErrors,
          TimeoutSeconds: deliverySeconds,
        }),
      );
      return sent.Command?.CommandId ?? '';
    },

    async invocations(commandId, next) {
      const page = await ssm.send(
        new ListCommandInvocationsCommand({
          CommandId: commandId,
          Details: true,
          MaxResults: 50,
          NextToken: next,
        }),
      );
      const invocations = (page.CommandInvocations ?? []).flatMap(
        ({ InstanceId, Status = '', StatusDetails, CommandPlugins = [] }): CommandInvocation[] =>
          InstanceId === undefined
            ? []
            : [
                {
                  instance: InstanceId,
                  ended: ENDED.has(Status),
                  status: StatusDetails ?? Status,
                  output: CommandPlugins.map(({ Output = '' }) => Output).join('\n'),
                },
              ],
      );
      return { invocations, ...(page.NextToken !== undefined && { next: page.NextToken }) };
    },
  };
}
