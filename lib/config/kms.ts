import * as v from 'valibot';
import { isKmsAlgorithm } from '../jws/kms-algorithm.ts';
import type { SignerOptions } from '../media-servers/target.ts';
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

/**
 * Keys that AWS KMS makes and never gives away: no function can read one. For targets that sign with ES256 or RS256. Never
 * throws: its mistakes are reported with the target's.
 */
export function kms(options: KmsOptions = {}): SignerOptions {
  const checked = checkOptions(schema, options);
  return {
    ...(checked.ok && checked.options),
    by: 'kms',
    problems(targets, own) {
      if (!checked.ok) return checked.problems;
      const { signing, signer } = targets[own] ?? {};
      if (!isKmsAlgorithm(signing)) {
        const why =
          signing === 'HS256'
            ? 'these servers share a secret with streampass, which the rotation has to read'
            : `this target signs with ${signing}`;
        return [{ path: '', problem: `is for ES256 and RS256: ${why}` }];
      }
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
