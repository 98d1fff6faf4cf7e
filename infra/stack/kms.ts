import type { ConfiguredSecret } from '../../lib/config/secrets.ts';
import { KMS_ALGORITHMS } from '../../lib/jws/kms-algorithm.ts';
import { arn, type Statement, type Value } from './cloudformation.ts';
import { isSignedByKms, rotates, secretsWhere, type StackContext } from './context.ts';

const ANY_KEY = arn('kms', 'key/*');

/**
 * The use of the keys that KMS holds for these secrets. A key is made by the rotation, so it has no ARN that could be
 * written here: what is allowed is the alias that a request names, and that ends with a version of the target's own.
 */
export function useKmsKeys(secrets: readonly ConfiguredSecret[], signs: boolean): readonly Statement[] {
  const held = secrets.filter(isSignedByKms);
  if (held.length === 0) return [];
  return [
    {
      ...allow('ReadPublicKeys', 'kms:GetPublicKey', ANY_KEY),
      Condition: { StringLike: { 'kms:RequestAlias': aliasesOf(held) } },
    },
    ...(signs ? signWith(held) : []),
  ];
}

function signWith(held: readonly ConfiguredSecret[]): readonly Statement[] {
  return Object.entries(KMS_ALGORITHMS).flatMap(([signing, { signsBy }]) => {
    const those = held.filter((secret) => secret.signing === signing);
    if (those.length === 0) return [];
    return [
      {
        ...allow(`Sign${signing}`, 'kms:Sign', ANY_KEY),
        Condition: {
          StringEquals: { 'kms:MessageType': 'DIGEST', 'kms:SigningAlgorithm': signsBy },
          StringLike: { 'kms:RequestAlias': aliasesOf(those) },
        },
      },
    ];
  });
}

/** What `rotate` does with keys: it makes one and names it. It changes, disables and deletes none. */
export function makeKmsKeys(context: StackContext): readonly Statement[] {
  const held = secretsWhere(
    context,
    (secret) => isSignedByKms(secret) && secret.target !== undefined && rotates(secret.target),
  );
  if (held.length === 0) return [];
  const specs = Object.entries(KMS_ALGORITHMS).flatMap(([signing, { keySpec }]) =>
    held.some((secret) => secret.signing === signing) ? [keySpec] : [],
  );
  const only = { 'kms:KeySpec': specs, 'kms:KeyUsage': 'SIGN_VERIFY', 'kms:KeyOrigin': 'AWS_KMS' };
  return [
    // A key that is not there yet has no name.
    { ...allow('MakeKeys', 'kms:CreateKey', '*'), Condition: { StringEquals: only } },
    allow(
      'NameKeys',
      'kms:CreateAlias',
      aliasesOf(held).map((alias) => arn('kms', alias)),
    ),
    { ...allow('KeysToName', 'kms:CreateAlias', ANY_KEY), Condition: { StringEquals: only } },
    ...useKmsKeys(held, false),
    ...signWith(held.filter(({ target }) => (target?.fleet?.probe?.length ?? 0) > 0)),
  ];
}

function aliasesOf(secrets: readonly ConfiguredSecret[]): readonly string[] {
  return secrets.flatMap(({ target }) => (target?.signer ? [`${target.signer.keyId}/*`] : []));
}

function allow(Sid: string, Action: string, Resource: Value): Statement {
  return { Sid, Effect: 'Allow', Action, Resource };
}
