import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretVersionStageCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { RotationSecrets } from '../rotation/ports.ts';

type Read = Awaited<ReturnType<RotationSecrets['value']>>;

/**
 * Secrets Manager through the AWS SDK, with the calls that only a rotation may make. Values are kept for the life of
 * the function, because a version's value never changes.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 */
export function secretsWriter(client: Pick<SecretsManagerClient, 'send'>): RotationSecrets {
  const values = new Map<string, NonNullable<Read>>();
  return {
    async describe(secret) {
      const found = await client.send(new DescribeSecretCommand({ SecretId: secret }));
      // Its labels and the values kept here still look normal, but nobody can read the secret any more.
      if (found.DeletedDate !== undefined) throw new ScheduledForDeletion(secret);
      const tags = (found.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]);
      return {
        arn: found.ARN ?? secret,
        stages: found.VersionIdsToStages ?? {},
        tags: Object.fromEntries(tags) as Record<string, string>,
      };
    },

    async value(arn, versionId) {
      const key = `${arn} ${versionId}`;
      const known = values.get(key);
      if (known !== undefined) return known;
      try {
        const found = await client.send(new GetSecretValueCommand({ SecretId: arn, VersionId: versionId }));
        const read = {
          value: { SecretString: found.SecretString, SecretBinary: found.SecretBinary },
          createdAt: (found.CreatedDate?.getTime() ?? 0) / 1000,
        };
        values.set(key, read);
        return read;
      } catch (error) {
        if (isNamed(error, 'ResourceNotFoundException')) return undefined;
        throw error;
      }
    },

    async versions(arn) {
      const versions: [string, readonly string[]][] = [];
      let NextToken: string | undefined;
      do {
        const page = await client.send(
          new ListSecretVersionIdsCommand({ SecretId: arn, IncludeDeprecated: true, NextToken }),
        );
        for (const { VersionId = '', VersionStages = [] } of page.Versions ?? [])
          versions.push([VersionId, VersionStages]);
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return Object.fromEntries(versions);
    },

    async put(arn, versionId, text, labels) {
      try {
        await client.send(
          new PutSecretValueCommand({
            SecretId: arn,
            ClientRequestToken: versionId,
            SecretString: text,
            VersionStages: [...labels],
          }),
        );
        return 'made';
      } catch (error) {
        if (isNamed(error, 'ResourceExistsException')) return 'exists';
        throw error;
      }
    },

    async moveLabel(arn, label, { from, to }) {
      try {
        await client.send(
          new UpdateSecretVersionStageCommand({
            SecretId: arn,
            VersionStage: label,
            RemoveFromVersionId: from,
            MoveToVersionId: to,
          }),
        );
        return 'moved';
      } catch (error) {
        // Its message names one of several causes but is not documented. The next read of the labels shows what happened.
        if (isNamed(error, 'InvalidParameterException')) return 'lost';
        throw error;
      }
    },

    async tag(arn, key, value) {
      await client.send(new TagResourceCommand({ SecretId: arn, Tags: [{ Key: key, Value: value }] }));
    },

    async untag(arn, key) {
      await client.send(new UntagResourceCommand({ SecretId: arn, TagKeys: [key] }));
    },
  };
}

class ScheduledForDeletion extends Error {
  override readonly name = 'ScheduledForDeletion';
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
