import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { checkSharedSecret } from '../signing-keys/secret.ts';
import type { NodeSecrets } from '../fleet/node-secrets.ts';

const CLOCK_OR_KEYS = 'set the clock of this machine, or renew its credentials';
const NETWORK = 'look at the network of this machine';

/** What an operator can do about an error, by its name or code. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['AccessDeniedException', 'attach the node policy of the stack to its role'],
  ['CredentialsProviderError', 'give this machine a role, or AWS credentials in the environment'],
  ['DecryptionFailure', 'allow its role kms:Decrypt with the key of the secret'],
  ['ExpiredTokenException', CLOCK_OR_KEYS],
  ['InvalidSignatureException', CLOCK_OR_KEYS],
  ['UnrecognizedClientException', 'renew the credentials of this machine'],
  ['ResourceNotFoundException', 'is secret= right, and has the rotation run once?'],
  ['InvalidRequestException', 'is the secret marked for deletion?'],
  ['ERR_SYSTEM_ERROR', 'set HOME, because its user has no home directory'],
  ['TimeoutError', NETWORK],
  ['ENOTFOUND', NETWORK],
  ['EAI_AGAIN', NETWORK],
  ['ECONNREFUSED', NETWORK],
  ['ECONNRESET', NETWORK],
  ['EHOSTUNREACH', NETWORK],
  ['ENETUNREACH', NETWORK],
]);

/** Network errors have their name in `code`. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

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
        // The rotation has discarded a version without a label: it may have leaked.
        if (VersionStages.length === 0)
          return { ok: false, problem: `version ${asked} carries no label: it is refused` };
        const checked = checkSharedSecret(value);
        return checked.usable
          ? { ok: true, version: { versionId: VersionId, text: checked.text } }
          : { ok: false, problem: `version ${VersionId} ${checked.problem}` };
      } catch (error) {
        const name = nameOf(error);
        const isAbsent = name === 'ResourceNotFoundException';
        const remedy = REMEDIES.get(name);
        const problem = `Secrets Manager did not give ${asked} of ${arn} (${name})${remedy ? `: ${remedy}` : ''}`;
        return { ok: false, problem, ...(isAbsent && { isAbsent }) };
      }
    },
  };
}
