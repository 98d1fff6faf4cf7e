/** What a function needs of KMS; the build leaves this file out if the configuration never calls `kms()`. */

import { createKmsClient } from '../../lib/aws/kms-client.ts';
import { createKmsKeys, LONGEST_MAC_INPUT, type KmsKeysOptions } from '../../lib/aws/kms-keys.ts';
import { digestOf } from '../../lib/identity/verified-tokens.ts';
import { describeError, writeLine } from '../../lib/node/log.ts';
import { within } from '../../lib/node/system.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';
import { roomIn } from '../../lib/oldest-key.ts';
import type { SecretReader } from '../../lib/ports.ts';

/** What one request waits for KMS at most, in seconds. */
const PATIENCE = 3;
/** When a client may try again, in seconds. */
const RETRY_AFTER = 5;

/** How many tokens with a good signature are remembered for each key, by their SHA-256. */
const REMEMBERED = 1000;

let client: ReturnType<typeof createKmsClient> | undefined;

/**
 * Reads a target's keys in KMS, and the labels of its versions in Secrets Manager. If KMS does not sign or verify, one log line
 * says so, and the request is refused with 503 `signing_unavailable`. Of a shared secret it signs no more than
 * `LONGEST_MAC_INPUT`: `token_too_long`.
 */
export function kmsReader(
  { stages }: SecretReader,
  target: string,
  options: KmsKeysOptions,
  env: Readonly<Record<string, string | undefined>>,
): SecretReader {
  client ??= createKmsClient(env);
  const keys = createKmsKeys(client, options);
  return {
    stages,
    async value(_secret, versionId) {
      const key = await keys.of(versionId);
      if ('problem' in key) return { kms: key };
      if (key.alg !== 'HS256') return { kms: { ...key, sign: (input) => answered(key.sign(input)) } };
      return {
        kms: {
          ...key,
          async sign(input) {
            if (input.length > LONGEST_MAC_INPUT) throw new OAuthError('token_too_long');
            return answered(key.sign(input));
          },
          verify: onceIfGood((token) => answered(key.verify(token))),
        },
      };
    },
  };

  function answered<Answer>(call: Promise<Answer>): Promise<Answer> {
    return within(call, PATIENCE).catch((error: unknown) => {
      writeLine({ event: 'signer.problem', target, ...describeError(error) });
      throw new OAuthError('signing_unavailable', RETRY_AFTER, { cause: error });
    });
  }
}

/** Asks once about a token that is good, because its signature stays so: the same client often shows it again. */
function onceIfGood(verify: (token: string) => Promise<boolean>): typeof verify {
  const good = new Map<string, true>();
  const makeRoom = roomIn(good, REMEMBERED);
  return async (token) => {
    const digest = digestOf(token);
    if (good.has(digest)) return true;
    if (!(await verify(token))) return false;
    makeRoom();
    good.set(digest, true);
    return true;
  };
}
