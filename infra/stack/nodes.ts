import { stackDocument } from '../../lib/fleet/stack-document.ts';
import { policy, ref, sub, type Resource, type Resources } from './cloudformation.ts';
import type { ConfiguredSecret } from '../../lib/config/secrets.ts';
import { logicalIdOf } from '../../lib/config/target-name.ts';
import { secretsWhere, type StackContext } from './context.ts';
import { allow, withKey } from './roles.ts';
import { secretArn } from './secrets.ts';

/**
 * What the machines of media servers need: the command that `rotate` runs on them, and for each target a policy for their
 * role, which allows reading that target's secret and no other. Servers that fetch public keys need neither.
 */
export function nodeResources(context: StackContext): Resources {
  const fetched = secretsWhere(context, isFetchedByNodes);
  if (fetched.length === 0) return {};
  const policies = fetched.map((secret): [string, Resource] => [
    `${logicalIdOf(secret.name)}NodePolicy`,
    {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        // Unique in an account, not in a region.
        ManagedPolicyName: sub(`streampass-${context.stage}-\${AWS::Region}-${secret.name}-node`),
        PolicyDocument: policy([
          allow('ReadSecret', 'secretsmanager:GetSecretValue', secretArn(context, secret)),
          ...withKey(context, ['kms:Decrypt']),
        ]),
      },
    },
  ]);
  return { SecretDocument: document(context), ...Object.fromEntries(policies) };
}

/** The agent is `streampass-node` (node-agent/), installed on the machine; node-agent/README.md describes parameters and report. */
function document(context: StackContext): Resource {
  return {
    Type: 'AWS::SSM::Document',
    Properties: {
      Name: stackDocument(context.stage),
      DocumentType: 'Command',
      DocumentFormat: 'JSON',
      // Instances of EC2 and machines elsewhere that Systems Manager manages.
      TargetType: '/',
      UpdateMethod: 'NewVersion',
      Content: {
        schemaVersion: '2.2',
        description:
          'Reports which version of its streampass secret a media server holds, or brings it to one.',
        parameters: {
          Mode: parameter('observe reports, apply changes', { allowedValues: ['observe', 'apply'] }),
          Target: parameter('The target’s name in streampass.config.ts', {
            allowedPattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$',
          }),
          SecretArn: parameter('The secret’s full ARN', {
            allowedPattern: '^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$',
          }),
          VersionId: parameter('The version to hold (apply)', {
            default: '',
            allowedPattern: '(^$)|^[A-Za-z0-9-]{32,64}$',
          }),
        },
        mainSteps: [
          {
            name: 'streampass',
            action: 'aws:runShellScript',
            precondition: { StringEquals: ['platformType', 'Linux'] },
            inputs: { timeoutSeconds: '420', runCommand: COMMAND },
          },
        ],
      },
    },
  };
}

function parameter(description: string, grammar: Readonly<Record<string, string | readonly string[]>>) {
  return { type: 'String', description, interpolationType: 'ENV_VAR', ...grammar };
}

const COMMAND = [
  // Agents before 3.3.2746.0 know no ENV_VAR and replace the text instead; the patterns leave no character that a
  // single-quoted word could not hold.
  'if [ -z "$SSM_Mode" ]; then',
  "  SSM_Mode='{{ Mode }}' SSM_Target='{{ Target }}' SSM_SecretArn='{{ SecretArn }}' SSM_VersionId='{{ VersionId }}'",
  'fi',
  'exec /usr/local/bin/streampass-node "$SSM_Mode" --target "$SSM_Target" --secret-arn "$SSM_SecretArn" --version-id "$SSM_VersionId"',
];

/** Outputs that the set-up of a server asks for. */
export function nodeOutputs(context: StackContext): Readonly<Record<string, { readonly Value: unknown }>> {
  return {
    ...Object.fromEntries(
      secretsWhere(context, ({ target }) => target !== undefined).map((secret) => [
        `${logicalIdOf(secret.name)}SecretArn`,
        { Value: secretArn(context, secret) },
      ]),
    ),
    ...(secretsWhere(context, isFetchedByNodes).length > 0 && {
      SecretDocumentName: { Value: ref('SecretDocument') },
    }),
  };
}

/** Nodes fetch nothing if their servers fetch public keys, and nothing for stream keys, which no server accepts. */
function isFetchedByNodes({ target }: ConfiguredSecret): boolean {
  return target !== undefined && target.keys !== 'jwks';
}
