// What the local Secrets Manager remembers. Everything is plain, immutable JSON: an operation makes a new
// store and shares what it did not change, so an earlier store stays true and can be answered from again.

/** The one value of a version; binary values are kept as the base64 they arrive in. */
export type SecretValue = { readonly string: string } | { readonly binaryBase64: string };

/** A tag of a secret. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** One version of a secret. Its value never changes; its labels do. */
export interface Version {
  /** The ClientRequestToken of the call that made it. */
  readonly id: string;
  readonly createdMs: number;
  /** Start of the UTC day of the latest read; absent: never read. */
  readonly accessedMs?: number;
  /** Absent on the empty placeholder that RotateSecret makes. */
  readonly value?: SecretValue;
  /** Sorted; empty means deprecated. */
  readonly labels: readonly string[];
}

/** What RotateSecret configured; nothing here calls the function that it names. */
export interface Rotation {
  readonly enabled: boolean;
  readonly lambdaArn: string;
  readonly rules?: Readonly<Record<string, string | number>>;
}

/** One secret with all of its versions, oldest first. */
export interface Secret {
  readonly arn: string;
  readonly name: string;
  readonly description?: string;
  readonly kmsKeyId?: string;
  readonly createdMs: number;
  readonly changedMs: number;
  /** Start of the UTC day of the latest read; absent: never read. */
  readonly accessedMs?: number;
  /** Set while the secret is marked for deletion: when it goes. */
  readonly deletionMs?: number;
  readonly tags: readonly Tag[];
  readonly versions: readonly Version[];
  readonly rotation?: Rotation;
}

/** All secrets, oldest first. */
export interface Store {
  readonly secrets: readonly Secret[];
}

/** A store without secrets. */
export const EMPTY_STORE: Store = { secrets: [] };

/** The secret of that name or full ARN, marked for deletion or not. */
export function lookUpSecret(store: Store, secretId: string): Secret | undefined {
  return store.secrets.find((secret) => secret.name === secretId || secret.arn === secretId);
}

/** The store with this secret in the place of the one with its ARN, or added at the end. */
export function withSecret(store: Store, secret: Secret): Store {
  const known = store.secrets.some(({ arn }) => arn === secret.arn);
  return {
    secrets: known
      ? store.secrets.map((other) => (other.arn === secret.arn ? secret : other))
      : [...store.secrets, secret],
  };
}

/** The store without the secret of this ARN. */
export function withoutSecret(store: Store, arn: string): Store {
  return { secrets: store.secrets.filter((secret) => secret.arn !== arn) };
}

/** The store without secrets whose recovery window has ended; the same object where none has. */
export function forgetDeleted(store: Store, nowMs: number): Store {
  const gone = ({ deletionMs }: Secret) => deletionMs !== undefined && deletionMs <= nowMs;
  return store.secrets.some(gone) ? { secrets: store.secrets.filter((secret) => !gone(secret)) } : store;
}

/** True where both are the same bytes of the same kind: a repeated call, not a new value. */
export function sameValue(a: SecretValue, b: SecretValue): boolean {
  if ('string' in a) return 'string' in b && a.string === b.string;
  return 'binaryBase64' in b && a.binaryBase64 === b.binaryBase64;
}

/** A secret's versions as the API shows them: labelled ones only, absent where there is none. */
export function idsToLabels(secret: Secret): Record<string, readonly string[]> | undefined {
  const labelled = secret.versions.filter(({ labels }) => labels.length > 0);
  return labelled.length > 0 ? Object.fromEntries(labelled.map(({ id, labels }) => [id, labels])) : undefined;
}

/** The API's form of an instant: epoch seconds with a fraction. */
export function toWireDate(ms: number): number {
  return ms / 1000;
}

/** Start of the UTC day, the precision in which the API tells when something was read. */
export function startOfDayMs(nowMs: number): number {
  const dayMs = 86_400_000;
  return Math.floor(nowMs / dayMs) * dayMs;
}
