import * as v from 'valibot';
import { isKmsAlgorithm } from '../jws/kms-algorithm.ts';
import type { ConfiguredTarget, SignerOptions } from '../media-servers/target.ts';
import { checkOptions } from '../options/check-options.ts';

/** Which keys of AWS KMS sign. */
export interface KmsOptions {
  /**
   * The beginning of the aliases of the target's keys: the key of a version has `KEYID/VERSION`. Default:
   * `alias/streampass/STAGE/TARGET`.
   */
  readonly keyId?: string;
}

const schema: v.GenericSchema<unknown, KmsOptions> = v.strictObject({
  keyId: v.exactOptional(
    v.pipe(
      v.string(),
      v.regex(
        /^alias\/(?!aws\/)[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/,
        'must be an alias such as "alias/streampass/prod/live", with which the aliases of the keys begin',
      ),
      // The alias of a version's key is 37 characters longer, and may have at most 256 (KMS API reference, CreateAlias).
      v.maxLength(200, 'must have at most 200 characters'),
    ),
  ),
});

/** Why KMS cannot sign a target's tokens, in one line. */
function whyNot({ signing, form }: Partial<ConfiguredTarget> = {}): string | undefined {
  if (!isKmsAlgorithm(signing)) return `is for ES256, RS256 and HS256: this target signs with ${signing}`;
  return form?.derivesKey
    ? 'is for servers that use the shared secret itself as the key: these derive another key from it'
    : undefined;
}

/**
 * Keys that AWS KMS never gives away: no function can read one. It makes the private keys of targets that sign with ES256 or
 * RS256. The shared secrets of targets that sign with HS256 are made by the rotation, for the servers, and imported. Never
 * throws: its mistakes are reported with the target's.
 */
export function kms(options: KmsOptions = {}): SignerOptions {
  const checked = checkOptions(schema, options);
  return {
    ...(checked.ok && checked.options),
    by: 'kms',
    problems(targets, own) {
      if (!checked.ok) return checked.problems;
      const { signer } = targets[own] ?? {};
      const why = whyNot(targets[own]);
      if (why !== undefined) return [{ path: '', problem: why }];
      // A role may sign with every key below an alias, so none may be below another target's.
      const below = `${signer?.keyId}/`;
      const before = Object.entries(targets).slice(0, Object.keys(targets).indexOf(own));
      const same = before.find(([, { signer: other }]) => {
        const theirs = `${other?.keyId}/`;
        return other !== undefined && (theirs.startsWith(below) || below.startsWith(theirs));
      });
      if (same === undefined) return [];
      return [
        {
          path: 'keyId',
          problem: `includes keys of ${same[0]}: each target needs an alias of its own`,
        },
      ];
    },
  };
}
