import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { awsAccess, type AwsAccess } from './access.ts';

/**
 * Region and credentials for clients that work in another account, from a role there that trusts the function's role. They end
 * after an hour; the SDK then calls `credentials` again.
 */
export function roleAccess(
  env: Readonly<Record<string, string | undefined>>,
  roleArn: string,
): {
  readonly region: string;
  readonly credentials: () => Promise<AwsAccess['credentials'] & { readonly expiration?: Date }>;
} {
  const own = awsAccess(env);
  const sts = new STSClient(own);
  return {
    region: own.region,
    async credentials() {
      const { Credentials } = await sts.send(
        new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'streampass-rotate' }),
      );
      const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '', Expiration } = Credentials ?? {};
      return {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
        ...(Expiration && { expiration: Expiration }),
      };
    },
  };
}
