import { arn, ref, type Resources, type Value } from './cloudformation.ts';
import type { ConfiguredSecret } from '../../lib/config/secrets.ts';
import { logicalIdOf } from '../../lib/config/target-name.ts';
import { secretsWhere, type StackContext } from './context.ts';

/**
 * The secrets that streampass shares with the servers. They are made empty, and the first `advance` adds their first version. A
 * value in the template would become AWSCURRENT at each of its changes, without a rotation. They outlive the stack, because the
 * servers still use them. If the creation of the stack is rolled back, they are removed, so that it can be repeated.
 */
export function secretResources(context: StackContext): Resources {
  const KmsKeyId = context.config.deploy.kmsKeys?.secrets;
  const created = secretsWhere(context, (secret) => isCreated(context, secret));
  return Object.fromEntries(
    created.map(({ name, secret, target }) => [
      `${logicalIdOf(name)}Secret`,
      {
        Type: 'AWS::SecretsManager::Secret',
        DeletionPolicy: 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          Name: secret,
          Description: `${descriptionOf(name, target)}. Changed by streampass's rotation only.`,
          ...(KmsKeyId !== undefined && { KmsKeyId }),
        },
      },
    ]),
  );
}

function descriptionOf(name: string, target: ConfiguredSecret['target']): string {
  if (target === undefined) return 'Signs stream keys';
  const tokens = `the tokens of the target ${name} (${target.kind})`;
  if (target.signer === undefined) return `Signs ${tokens}`;
  return target.signing === 'HS256'
    ? `For the servers that verify ${tokens}; KMS signs them`
    : `Says which keys of KMS sign ${tokens}, and holds none`;
}

/** The ARN of a signing secret, for policies and outputs. */
export function secretArn(context: StackContext, signing: ConfiguredSecret): Value {
  const { name, secret } = signing;
  return isCreated(context, signing) ? ref(`${logicalIdOf(name)}Secret`) : existingSecretArn(secret);
}

/** The ARN of a secret of another stack: Secrets Manager adds six characters to its name. */
export function existingSecretArn(nameOrArn: string): Value {
  return isArn(nameOrArn) ? nameOrArn : arn('secretsmanager', `secret:${nameOrArn}-??????`);
}

function isCreated({ config }: StackContext, { name, secret }: ConfiguredSecret): boolean {
  const { existingSecrets = false } = config.deploy;
  const exists = Array.isArray(existingSecrets) ? existingSecrets.includes(name) : existingSecrets === true;
  return !exists && !isArn(secret);
}

function isArn(nameOrArn: string): boolean {
  return nameOrArn.startsWith('arn:');
}
