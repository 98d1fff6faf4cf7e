import { p256 } from '@noble/curves/nist.js';
import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  privateEncrypt,
  randomBytes,
  randomUUID,
  timingSafeEqual,
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

/** The keys that there are: for what, from where, and with which one algorithm. */
const SPECS = {
  ECC_NIST_P256: { usage: 'SIGN_VERIFY', origin: 'AWS_KMS', algorithm: 'ECDSA_SHA_256' },
  RSA_2048: { usage: 'SIGN_VERIFY', origin: 'AWS_KMS', algorithm: 'RSASSA_PKCS1_V1_5_SHA_256' },
  HMAC_256: { usage: 'GENERATE_VERIFY_MAC', origin: 'EXTERNAL', algorithm: 'HMAC_SHA_256' },
} as const;
type Spec = keyof typeof SPECS;

const common = {
  id: v.string(),
  description: v.string(),
  /** Epoch seconds. */
  created: v.number(),
  state: v.picklist(['Enabled', 'Disabled', 'PendingDeletion', 'PendingImport']),
};
const key = v.variant('spec', [
  v.object({
    ...common,
    spec: v.picklist(['ECC_NIST_P256', 'RSA_2048']),
    /** The private key, PKCS #8 in PEM. */
    pem: v.string(),
  }),
  v.object({
    ...common,
    spec: v.literal('HMAC_256'),
    /** In base64; absent until it is imported. */
    material: v.optional(v.string()),
    /** What material may come with, and what it is then decrypted with. */
    wrappings: v.array(v.object({ token: v.string(), pem: v.string() })),
  }),
]);
type Key = v.InferOutput<typeof key>;
type PrivateKey = Exclude<Key, { readonly spec: 'HMAC_256' }>;
type MacKey = Extract<Key, { readonly spec: 'HMAC_256' }>;

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
/** Where an alias will not do. */
const keyId = v.pipe(
  v.string(),
  v.regex(/^(arn:aws:kms:[^:]*:[^:]*:key\/)?[\w-]+$/, 'no key id and no ARN of a key'),
);
/** A key of HMAC_256 (KMS Developer Guide, "Requirements for imported key material"). */
const MAC_BYTES = 32;
/** What KMS makes a MAC of at most. */
const LONGEST_MESSAGE = 4096;
const REGION_AND_ACCOUNT = 'eu-west-1:000000000000';

/** The operations that streampass and its operators use, with the checks of KMS that matter to them. */
const OPERATIONS: Readonly<Record<string, (store: KmsStore, input: unknown, now: number) => Outcome>> = {
  CreateKey(store, input, now) {
    const { KeySpec, KeyUsage, Origin, Description } = parse(
      v.object({
        KeySpec: text,
        KeyUsage: text,
        Origin: v.optional(text, 'AWS_KMS'),
        Description: v.optional(text, ''),
      }),
      input,
    );
    if (!isSpec(KeySpec) || SPECS[KeySpec].usage !== KeyUsage || SPECS[KeySpec].origin !== Origin)
      throw new KmsError(
        'UnsupportedOperationException',
        `This KMS makes no ${KeySpec} for ${KeyUsage} with the origin ${Origin}.`,
      );
    const common = { id: randomUUID(), description: Description, created: now };
    const made: Key =
      KeySpec === 'HMAC_256'
        ? { ...common, spec: KeySpec, state: 'PendingImport', wrappings: [] }
        : { ...common, spec: KeySpec, state: 'Enabled', pem: newPrivateKey(KeySpec) };
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
    const { id } = kept(find(store, TargetKeyId));
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

  UpdateKeyDescription(store, input) {
    const { KeyId, Description } = parse(v.object({ KeyId: keyId, Description: text }), input);
    return { store: withKey(store, { ...find(store, KeyId), description: Description }), output: {} };
  },

  GetParametersForImport(store, input, now) {
    const { KeyId, WrappingKeySpec } = parse(
      v.object({
        KeyId: keyId,
        WrappingAlgorithm: v.literal('RSAES_OAEP_SHA_256'),
        WrappingKeySpec: v.picklist(['RSA_2048', 'RSA_3072', 'RSA_4096']),
      }),
      input,
    );
    const found = importable(find(store, KeyId));
    const { publicKey, pem } = wrappingKey(Number(WrappingKeySpec.slice(4)));
    const token = randomBytes(32).toString('base64');
    return {
      store: withKey(store, { ...found, wrappings: [...found.wrappings, { token, pem }] }),
      output: {
        KeyId: arnOf(found),
        ImportToken: token,
        PublicKey: publicKey,
        ParametersValidTo: now + 24 * 3600,
      },
    };
  },

  ImportKeyMaterial(store, input) {
    const { KeyId, ImportToken, EncryptedKeyMaterial } = parse(
      v.object({
        KeyId: keyId,
        ImportToken: text,
        EncryptedKeyMaterial: blob,
        ExpirationModel: v.literal('KEY_MATERIAL_DOES_NOT_EXPIRE'),
      }),
      input,
    );
    const found = importable(find(store, KeyId));
    const wrapping = found.wrappings.find(({ token }) => token === ImportToken);
    if (wrapping === undefined)
      throw new KmsError('InvalidImportTokenException', 'The import token is for another key.');
    const bytes = unwrap(wrapping.pem, EncryptedKeyMaterial);
    const material = bytes.toString('base64');
    if (bytes.length !== MAC_BYTES || (found.material !== undefined && found.material !== material))
      throw new KmsError('IncorrectKeyMaterialException', 'The key material is not the one of this key.');
    return {
      store: withKey(store, { ...found, material, state: 'Enabled' }),
      output: { KeyId: arnOf(found) },
    };
  },

  GenerateMac(store, input) {
    const { found, message, MacAlgorithm } = macCall(store, input);
    return {
      store,
      output: { KeyId: arnOf(found), Mac: macOf(found, message).toString('base64'), MacAlgorithm },
    };
  },

  VerifyMac(store, input) {
    const { found, message, MacAlgorithm } = macCall(store, input);
    const { Mac } = parse(v.object({ Mac: blob }), input);
    const expected = macOf(found, message);
    if (Mac.length !== expected.length || !timingSafeEqual(Mac, expected))
      throw new KmsError('KMSInvalidMacException', 'The MAC is not the one of this message.');
    return { store, output: { KeyId: arnOf(found), MacValid: true, MacAlgorithm } };
  },

  GetPublicKey(store, input) {
    const found = asymmetric(enabled(find(store, keyIdOf(input))));
    const publicKey = createPublicKey(privateKeyOf(found));
    return {
      store,
      output: {
        KeyId: arnOf(found),
        PublicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
        KeySpec: found.spec,
        KeyUsage: 'SIGN_VERIFY',
        SigningAlgorithms: [SPECS[found.spec].algorithm],
      },
    };
  },

  Sign(store, input) {
    const { KeyId, Message, MessageType, SigningAlgorithm } = parse(
      v.object({ KeyId: text, Message: blob, MessageType: v.optional(text, 'RAW'), SigningAlgorithm: text }),
      input,
    );
    const found = asymmetric(enabled(find(store, KeyId)));
    if (SigningAlgorithm !== SPECS[found.spec].algorithm)
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

function kept(found: Key): Key {
  if (found.state === 'PendingDeletion')
    throw new KmsError('KMSInvalidStateException', `${arnOf(found)} is pending deletion.`);
  return found;
}

function enabled(found: Key): Key {
  if (found.state === 'Disabled') throw new KmsError('DisabledException', `${arnOf(found)} is disabled.`);
  kept(found);
  if (found.state === 'PendingImport')
    throw new KmsError('KMSInvalidStateException', `${arnOf(found)} is pending import.`);
  return found;
}

function isSpec(spec: string): spec is Spec {
  return Object.hasOwn(SPECS, spec);
}

function newPrivateKey(spec: PrivateKey['spec']): string {
  const { privateKey } =
    spec === 'RSA_2048'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function asymmetric(found: Key): PrivateKey {
  if (found.spec === 'HMAC_256')
    throw new KmsError('InvalidKeyUsageException', `${arnOf(found)} is for GENERATE_VERIFY_MAC.`);
  return found;
}

function importable(found: Key): MacKey {
  if (found.spec !== 'HMAC_256')
    throw new KmsError('UnsupportedOperationException', `The origin of ${arnOf(found)} is AWS_KMS.`);
  if (found.state !== 'PendingImport' && found.state !== 'Enabled')
    throw new KmsError('KMSInvalidStateException', `${arnOf(found)} is ${found.state}.`);
  return found;
}

/** One pair for each length and process: to make one takes a second or so. AWS makes one for each call. */
const wrappingKeys = new Map<number, { readonly publicKey: string; readonly pem: string }>();

function wrappingKey(modulusLength: number): { readonly publicKey: string; readonly pem: string } {
  const known = wrappingKeys.get(modulusLength);
  if (known !== undefined) return known;
  const pair = generateKeyPairSync('rsa', { modulusLength });
  const made = {
    publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    pem: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
  wrappingKeys.set(modulusLength, made);
  return made;
}

function unwrap(pem: string, encrypted: Buffer): Buffer {
  try {
    return privateDecrypt(
      { key: pem, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
      encrypted,
    );
  } catch {
    throw new KmsError(
      'InvalidCiphertextException',
      'The key material is not encrypted with the public key.',
    );
  }
}

function macCall(
  store: KmsStore,
  input: unknown,
): { readonly found: MacKey; readonly message: Buffer; readonly MacAlgorithm: string } {
  const { KeyId, Message, MacAlgorithm } = parse(
    v.object({ KeyId: text, Message: blob, MacAlgorithm: text }),
    input,
  );
  if (Message.length === 0 || Message.length > LONGEST_MESSAGE)
    throw new KmsError('ValidationException', `A message has 1 to ${LONGEST_MESSAGE} bytes.`);
  const found = enabled(find(store, KeyId));
  if (found.spec !== 'HMAC_256' || MacAlgorithm !== SPECS.HMAC_256.algorithm)
    throw new KmsError('InvalidKeyUsageException', `${MacAlgorithm} is not for ${found.spec} keys.`);
  return { found, message: Message, MacAlgorithm };
}

function macOf({ material = '' }: MacKey, message: Buffer): Buffer {
  return createHmac('sha256', Buffer.from(material, 'base64')).update(message).digest();
}

function withKey(store: KmsStore, changed: Key): KmsStore {
  return { ...store, keys: store.keys.map((one) => (one.id === changed.id ? changed : one)) };
}

function withState(store: KmsStore, input: unknown, state: Key['state']): Outcome {
  const found = find(store, keyIdOf(input));
  if (found.state === 'PendingImport' && state !== 'PendingDeletion')
    throw new KmsError('KMSInvalidStateException', `${arnOf(found)} is pending import.`);
  return { store: withKey(store, { ...found, state }), output: { KeyId: found.id } };
}

function privateKeyOf({ pem }: PrivateKey): KeyObject {
  return createPrivateKey(pem);
}

/** The first bytes of a `DigestInfo` of SHA-256 (RFC 8017 §9.2, note 1). */
const SHA256_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** Node signs messages alone, so what is to be signed is put together here. */
function signDigest(found: PrivateKey, digest: Buffer): Buffer {
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
  const { usage, origin, algorithm } = SPECS[found.spec];
  return {
    KeyId: found.id,
    Arn: arnOf(found),
    CreationDate: found.created,
    Enabled: found.state === 'Enabled',
    KeyState: found.state,
    KeySpec: found.spec,
    KeyUsage: usage,
    [usage === 'SIGN_VERIFY' ? 'SigningAlgorithms' : 'MacAlgorithms']: [algorithm],
    Description: found.description,
    Origin: origin,
    MultiRegion: false,
  };
}
