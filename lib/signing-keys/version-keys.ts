import type { SigningKey } from '../jws/sign.ts';
import type { SecretReader } from '../ports.ts';
import type { SigningAlgorithm } from '../jws/signing-algorithm.ts';
import { checkSecret, kidOf } from './secret.ts';

/** The secret, and how its versions become keys. */
export interface VersionKeysOptions {
  readonly secret: string;
  readonly signing: SigningAlgorithm;
  readonly reader: SecretReader;
  /** Told of each version that is in the labels but cannot sign; never its value. */
  readonly onProblem: (problem: string) => void;
}

/** The keys of a secret's versions, each made once: a version's value never changes. */
export interface VersionKeys {
  /** A version's key, or `undefined` if it can never sign; rejects if it cannot be read. */
  of(versionId: string): Promise<SigningKey | undefined>;
  /** Forgets all other versions. */
  keepOnly(versionIds: readonly (string | undefined)[]): void;
}

/** Reads versions as they are asked for. */
export function createVersionKeys({ secret, signing, reader, onProblem }: VersionKeysOptions): VersionKeys {
  const keys = new Map<string, SigningKey>();
  return {
    async of(versionId) {
      const known = keys.get(versionId);
      if (known !== undefined) return known;
      const checked = await checkSecret(await reader.value(secret, versionId), signing);
      if (checked.usable) {
        const key = { ...checked.material, kid: kidOf(versionId) };
        keys.set(versionId, key);
        return key;
      }
      onProblem(`version ${versionId} of ${secret} ${checked.problem}`);
      return undefined;
    },
    keepOnly(versionIds) {
      for (const versionId of keys.keys()) if (!versionIds.includes(versionId)) keys.delete(versionId);
    },
  };
}
