import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { judgeSharedSecret } from '../signing-keys/secret.ts';
import type { NodeSecrets } from '../fleet/node-secrets.ts';

/**
 * A node's own secret, by the credentials that the SDK finds for this machine: of the environment, a web identity (IRSA),
 * a shared file (hybrid nodes), a container or an instance.
 *
 * @param arn the full ARN, which names the region as well
 */
export function nodeSecrets(arn: string): NodeSecrets {
  const client = new SecretsManagerClient({
    region: arn.split(':')[3] ?? '',
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 3000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
  return {
    async get(which) {
      const by = 'label' in which ? { VersionStage: which.label } : { VersionId: which.versionId };
      const asked = 'label' in which ? which.label : which.versionId;
      try {
        const {
          VersionId = '',
          VersionStages = [],
          ...value
        } = await client.send(new GetSecretValueCommand({ SecretId: arn, ...by }));
        // A version without a label is one that the rotation has given up: it may have leaked.
        if (VersionStages.length === 0)
          return { ok: false, problem: `version ${asked} carries no label: it is refused` };
        const judged = judgeSharedSecret(value);
        return judged.usable
          ? { ok: true, version: { versionId: VersionId, text: judged.text } }
          : { ok: false, problem: `version ${VersionId} ${judged.problem}` };
      } catch (error) {
        const name = error instanceof Error ? error.name : 'unknown error';
        const isAbsent = name === 'ResourceNotFoundException';
        const problem = `Secrets Manager did not give ${asked} of ${arn} (${name})`;
        return { ok: false, problem, ...(isAbsent && { isAbsent }) };
      }
    },
  };
}
