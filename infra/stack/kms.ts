import type { ConfiguredSecret } from '../../lib/config/secrets.ts';
import { ALIAS_TAG, KMS_ALGORITHMS } from '../../lib/jws/kms-algorithm.ts';
import { arn, type Statement, type Value } from './cloudformation.ts';
import { isSignedByKms, rotates, secretsWhere, type StackContext } from './context.ts';

const ANY_KEY = arn('kms', 'key/*');

/**
 * The use of the keys that KMS holds for these secrets. A key is made by the rotation, so it has no ARN that could be
 * written here: what is allowed is the alias that a request names, and that ends with a version of the target's own.
 */
export function useKmsKeys(
  secrets: readonly ConfiguredSecret[],
  use: 'signs' | 'verifies' | 'looks',
): readonly Statement[] {
  const held = secrets.filter(isSignedByKms);
  const shared = held.filter(isShared);
  return [
    ...onAliases('ReadPublicKeys', 'kms:GetPublicKey', held.filter(isPair)),
    ...onAliases('LookAtKeys', 'kms:DescribeKey', shared),
    ...(use === 'signs' ? signWith(held) : []),
    // Anybody can verify by a public key.
    ...(use === 'verifies' ? onAliases('VerifyMacs', 'kms:VerifyMac', shared) : []),
  ];
}

function signWith(held: readonly ConfiguredSecret[]): readonly Statement[] {
  return Object.entries(KMS_ALGORITHMS).flatMap(([signing, { keyUsage, signsBy }]) => {
    const those = held.filter((secret) => secret.signing === signing);
    return keyUsage === 'GENERATE_VERIFY_MAC'
      ? onAliases(`Sign${signing}`, 'kms:GenerateMac', those)
      : onAliases(`Sign${signing}`, 'kms:Sign', those, {
          'kms:MessageType': 'DIGEST',
          'kms:SigningAlgorithm': signsBy,
        });
  });
}

/** What `rotate` does with keys: it makes one and names it, or imports one. It disables and deletes none. */
export function makeKmsKeys(context: StackContext): readonly Statement[] {
  const held = secretsWhere(
    context,
    (secret) => isSignedByKms(secret) && secret.target !== undefined && rotates(secret.target),
  );
  if (held.length === 0) return [];
  return [
    ...makeKeys('', held.filter(isPair), ['kms:CreateAlias']),
    ...makeKeys('Shared', held.filter(isShared), [
      'kms:CreateAlias',
      'kms:GetParametersForImport',
      'kms:ImportKeyMaterial',
      'kms:UpdateKeyDescription',
    ]),
    allow(
      'NameKeys',
      'kms:CreateAlias',
      aliasesOf(held).map((alias) => arn('kms', alias)),
    ),
    {
      // KMS wants this for CreateKey with tags, and for all keys of the account (KMS developer guide, Controlling access to tags).
      ...allow('TagKeys', 'kms:TagResource', ANY_KEY),
      Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': [ALIAS_TAG] } },
    },
    ...useKmsKeys(held, 'looks'),
    ...signWith(held.filter(({ target }) => (target?.fleet?.probe?.length ?? 0) > 0)),
  ];
}

/** A key that is not there yet has no name, and one that is being made has none either: only its kind is known. */
function makeKeys(
  kind: string,
  secrets: readonly ConfiguredSecret[],
  actions: readonly string[],
): readonly Statement[] {
  const rows = Object.entries(KMS_ALGORITHMS).flatMap(([signing, row]) =>
    secrets.some((secret) => secret.signing === signing) ? [row] : [],
  );
  const [first] = rows;
  if (first === undefined) return [];
  const { keyUsage, origin } = first;
  const only = {
    'kms:KeySpec': rows.map(({ keySpec }) => keySpec),
    'kms:KeyUsage': keyUsage,
    'kms:KeyOrigin': origin,
  };
  return [
    { ...allow(`Make${kind}Keys`, 'kms:CreateKey', '*'), Condition: { StringEquals: only } },
    { ...allow(`${kind}KeysToName`, actions, ANY_KEY), Condition: { StringEquals: only } },
  ];
}

/** Whether the servers hold the secret as well. */
function isShared({ signing }: ConfiguredSecret): boolean {
  return signing === 'HS256';
}

function isPair(secret: ConfiguredSecret): boolean {
  return !isShared(secret);
}

/** A statement about keys by the aliases that requests name, if there are any. */
function onAliases(
  sid: string,
  action: string,
  secrets: readonly ConfiguredSecret[],
  how?: Value,
): readonly Statement[] {
  if (secrets.length === 0) return [];
  return [
    {
      ...allow(sid, action, ANY_KEY),
      Condition: {
        ...(how !== undefined && { StringEquals: how }),
        StringLike: { 'kms:RequestAlias': aliasesOf(secrets) },
      },
    },
  ];
}

function aliasesOf(secrets: readonly ConfiguredSecret[]): readonly string[] {
  return secrets.flatMap(({ target }) => (target?.signer ? [`${target.signer.keyId}/*`] : []));
}

function allow(Sid: string, Action: string | readonly string[], Resource: Value): Statement {
  return { Sid, Effect: 'Allow', Action, Resource };
}
