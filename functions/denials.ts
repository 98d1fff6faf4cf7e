/** POST /nodes/{target}/denials: a media server's agent asks who is denied. The rules are `lib/fleet/denials.ts`. */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { deniedRowsOf } from '../lib/admission/admission.ts';
import { deniedHashes } from '../lib/admission/denied-hashes.ts';
import { awsAccess } from '../lib/aws/access.ts';
import { dynamoDeniedRows } from '../lib/aws/deny-list.ts';
import { dynamoNodeTable } from '../lib/aws/node-table.ts';
import { answerQuestion } from '../lib/fleet/denials.ts';
import { describeError, writeLine } from '../lib/node/log.ts';
import { systemNow, within } from '../lib/node/system.ts';
import { OAuthError } from '../lib/oauth/oauth-error.ts';
import { createSnapshot } from '../lib/signing-keys/snapshot.ts';
import { configured } from './wiring/configured.ts';
import { httpFunction } from './wiring/http-function.ts';
import { nodeMessages } from './wiring/node-messages.ts';
import { createLiveVersionsOf } from './wiring/readers.ts';

const MAX_BODY_BYTES = 4096;
/** An agent asks every 4 s, and its server looks every second. So a denial takes effect there in about 10 s; 15 s are promised. */
const LIST_SECONDS = 4;
/** While the table cannot be read, the list that was read before is used for this long, in seconds. */
const LIST_MAX_AGE = 60;

const loaded = await configured(() => import('../streampass.config.ts'), process.env);
const { config } = loaded;
const client = new DynamoDBClient({ ...awsAccess(process.env), maxAttempts: 2 });
const table = dynamoNodeTable(process.env['NODES_TABLE'] ?? '', client);
const liveVersionsOf = createLiveVersionsOf(process.env);
const issuers = config.issuers.map(({ issuer }) => issuer);
const kicking = new Map(
  Object.entries(config.targets).flatMap(([name, target]) =>
    target.kick === true
      ? [[name, { subject: target.subject, live: liveVersionsOf(name, target) }] as const]
      : [],
  ),
);

/** The hashes of all denied users and sign-ins, by target, as that target's tokens name them. */
const lists = createSnapshot({
  async read(readAt) {
    const inTable = await dynamoDeniedRows(process.env['DENY_TABLE'] ?? '', client, readAt).catch(
      (cause: unknown) => {
        throw new OAuthError('deny_list_unavailable', undefined, { cause });
      },
    );
    const rows = [...deniedRowsOf(config.deny), ...inTable];
    const hashes = [...kicking].map(
      ([name, { subject }]) => [name, deniedHashes(rows, subject, name, issuers)] as const,
    );
    return { readAt, hashes: new Map(hashes) };
  },
  now: systemNow,
  within,
  refreshAfter: LIST_SECONDS,
  maxAge: LIST_MAX_AGE,
});

const answer = nodeMessages({
  name: 'denials',
  targets: kicking,
  place: -2,
  mostBytes: MAX_BODY_BYTES,
  async receive(token, target, { live }) {
    const { versions } = await live(LIST_SECONDS + 1);
    // Read only after the question is verified: an unsigned request must not cause a read of the table.
    const hashes = async () => (await lists(LIST_SECONDS)).hashes.get(target) ?? [];
    return answerQuestion(token, { target, versions, hashes, table, now: systemNow() }).catch(
      (error: unknown) => {
        if (error instanceof OAuthError) throw error;
        writeLine({ event: 'denials.table', target, ...describeError(error) });
        throw new OAuthError('deny_list_unavailable');
      },
    );
  },
});

/** `POST /nodes/{target}/denials`: 200 with the hashes of everybody who is denied; a refusal has a `reason`. */
export const handler = httpFunction({ name: 'denials', configured: loaded, answer });
