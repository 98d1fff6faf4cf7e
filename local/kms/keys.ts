import { p256 } from '@noble/curves/nist.js';
import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  privateEncrypt,
  randomUUID,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import * as v from 'valibot';

/** A refusal as KMS words it: `code` becomes `__type`. */
export class KmsError extends Error {
  override readonly name = 'KmsError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const SPECS = {
  ECC_NIST_P256: 'ECDSA_SHA_256',
  RSA_2048: 'RSASSA_PKCS1_V1_5_SHA_256',
} as const;

const key = v.object({
  id: v.string(),
  spec: v.picklist(['ECC_NIST_P256', 'RSA_2048']),
  description: v.string(),
  /** Epoch seconds. */
  created: v.number(),
  state: v.picklist(['Enabled', 'Disabled', 'PendingDeletion']),
  /** The private key, PKCS #8 in PEM. */
  pem: v.string(),
});
type Key = v.InferOutput<typeof key>;

/** What the local KMS remembers: its keys, and which of them an alias names. */
export const storeSchema = v.object({ keys: v.array(key), aliases: v.record(v.string(), v.string()) });
/** One of {@link storeSchema}. */
export type KmsStore = v.InferOutput<typeof storeSchema>;

/** What a call answers, and the store after it. */
export interface Outcome {
  readonly store: KmsStore;
  readonly output: Readonly<Record<string, unknown>>;
}

const text = v.string();
const blob = v.pipe(
  v.string(),
  v.transform((base64) => Buffer.from(base64, 'base64')),
);
const REGION_AND_ACCOUNT = 'eu-west-1:000000000000';

/** The operations that streampass and its operators use, with the checks of KMS that matter to them. */
const OPERATIONS: Readonly<Record<string, (store: KmsStore, input: unknown, now: number) => Outcome>> = {
  CreateKey(store, input, now) {
    const { KeySpec, KeyUsage, Description } = parse(
      v.object({ KeySpec: text, KeyUsage: text, Description: v.optional(text, '') }),
      input,
    );
    if (KeyUsage !== 'SIGN_VERIFY' || (KeySpec !== 'ECC_NIST_P256' && KeySpec !== 'RSA_2048'))
      throw new KmsError('UnsupportedOperationException', `This KMS makes no ${KeySpec} for ${KeyUsage}.`);
    const { privateKey } =
      KeySpec === 'RSA_2048'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const made: Key = {
      id: randomUUID(),
      spec: KeySpec,
      description: Description,
      created: now,
      state: 'Enabled',
      pem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    };
    return {
      store: { ...store, keys: [...store.keys, made] },
      output: { KeyMetadata: metadataOf(made) },
    };
  },

  CreateAlias(store, input) {
    const { AliasName, TargetKeyId } = parse(v.object({ AliasName: text, TargetKeyId: text }), input);
    if (!/^alias\/(?!aws\/)[a-zA-Z0-9/_-]{1,250}$/.test(AliasName))
      throw new KmsError('InvalidAliasNameException', 'The alias name is not valid.');
    if (Object.hasOwn(store.aliases, AliasName))
      throw new KmsError('AlreadyExistsException', `An alias with the name ${AliasName} already exists`);
    const { id } = find(store, TargetKeyId);
    return { store: { ...store, aliases: { ...store.aliases, [AliasName]: id } }, output: {} };
  },

  ListAliases(store) {
    const Aliases = Object.entries(store.aliases).map(([AliasName, TargetKeyId]) => ({
      AliasName,
      AliasArn: `arn:aws:kms:${REGION_AND_ACCOUNT}:${AliasName}`,
      TargetKeyId,
    }));
    return { store, output: { Aliases, Truncated: false } };
  },

  DescribeKey(store, input) {
    return { store, output: { KeyMetadata: metadataOf(find(store, keyIdOf(input))) } };
  },

  GetPublicKey(store, input) {
    const found = enabled(find(store, keyIdOf(input)));
    const publicKey = createPublicKey(privateKeyOf(found));
    return {
      store,
      output: {
        KeyId: arnOf(found),
        PublicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
        KeySpec: found.spec,
        KeyUsage: 'SIGN_VERIFY',
        SigningAlgorithms: [SPECS[found.spec]],
      },
    };
  },

  Sign(store, input) {
    const { KeyId, Message, MessageType, SigningAlgorithm } = parse(
      v.object({ KeyId: text, Message: blob, MessageType: v.optional(text, 'RAW'), SigningAlgorithm: text }),
      input,
    );
    const found = enabled(find(store, KeyId));
    if (SigningAlgorithm !== SPECS[found.spec])
      throw new KmsError('InvalidKeyUsageException', `${SigningAlgorithm} is not for ${found.spec} keys.`);
    if (MessageType !== 'DIGEST')
      throw new KmsError('UnsupportedOperationException', 'This KMS signs digests alone.');
    if (Message.length !== 32)
      throw new KmsError('ValidationException', 'Digest is invalid length for algorithm.');
    const signature = signDigest(found, Message);
    return {
      store,
      output: { KeyId: arnOf(found), Signature: signature.toString('base64'), SigningAlgorithm },
    };
  },

  DisableKey: (store, input) => withState(store, input, 'Disabled'),
  EnableKey: (store, input) => withState(store, input, 'Enabled'),
  ScheduleKeyDeletion: (store, input) => withState(store, input, 'PendingDeletion'),
  CancelKeyDeletion: (store, input) => withState(store, input, 'Disabled'),
};

/**
 * Carries out one call. Pure, apart from the keys that it makes.
 *
 * @throws {KmsError} as KMS refuses it
 */
export function execute(store: KmsStore, operation: string, input: unknown, now: number): Outcome {
  const carryOut = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined;
  if (carryOut === undefined) throw new KmsError('UnknownOperationException', `No operation ${operation}.`);
  return carryOut(store, input, now);
}

function parse<Schema extends v.GenericSchema>(schema: Schema, input: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, input);
  if (!parsed.success) throw new KmsError('ValidationException', v.summarize(parsed.issues));
  return parsed.output;
}

function keyIdOf(input: unknown): string {
  return parse(v.object({ KeyId: text }), input).KeyId;
}

/** By id, ARN or alias, as KMS takes them. */
function find({ keys, aliases }: KmsStore, keyId: string): Key {
  const name = keyId.replace(/^arn:aws:kms:[^:]*:[^:]*:(key\/)?/, '');
  const id = name.startsWith('alias/') ? aliases[name] : name;
  const found = keys.find((one) => one.id === id);
  if (found === undefined) throw new KmsError('NotFoundException', `${keyId} is not found.`);
  return found;
}

function enabled(found: Key): Key {
  if (found.state === 'Disabled') throw new KmsError('DisabledException', `${arnOf(found)} is disabled.`);
  if (found.state === 'PendingDeletion')
    throw new KmsError('KMSInvalidStateException', `${arnOf(found)} is pending deletion.`);
  return found;
}

function withState(store: KmsStore, input: unknown, state: Key['state']): Outcome {
  const { id } = find(store, keyIdOf(input));
  return {
    store: { ...store, keys: store.keys.map((one) => (one.id === id ? { ...one, state } : one)) },
    output: { KeyId: id },
  };
}

function privateKeyOf({ pem }: Key): KeyObject {
  return createPrivateKey(pem);
}

/** The first bytes of a `DigestInfo` of SHA-256 (RFC 8017 §9.2, note 1). */
const SHA256_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** Node signs messages alone, so what is to be signed is put together here. */
function signDigest(found: Key, digest: Buffer): Buffer {
  const privateKey = privateKeyOf(found);
  if (found.spec === 'RSA_2048') {
    return privateEncrypt(
      { key: privateKey, padding: constants.RSA_PKCS1_PADDING },
      Buffer.concat([SHA256_INFO, digest]),
    );
  }
  const secret = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  return Buffer.from(p256.sign(digest, secret, { prehash: false, lowS: false, format: 'der' }));
}

function arnOf({ id }: Key): string {
  return `arn:aws:kms:${REGION_AND_ACCOUNT}:key/${id}`;
}

function metadataOf(found: Key): Readonly<Record<string, unknown>> {
  return {
    KeyId: found.id,
    Arn: arnOf(found),
    CreationDate: found.created,
    Enabled: found.state === 'Enabled',
    KeyState: found.state,
    KeySpec: found.spec,
    KeyUsage: 'SIGN_VERIFY',
    Description: found.description,
    Origin: 'AWS_KMS',
    MultiRegion: false,
  };
}
