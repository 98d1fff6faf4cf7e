/** POST /nodes/{target}: a media server's agent says which version it holds. The rules are `lib/fleet/reported.ts`. */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { awsAccess } from '../lib/aws/access.ts';
import { dynamoNodeTable } from '../lib/aws/node-table.ts';
import { GONE_AFTER, receiveMessage } from '../lib/fleet/reported.ts';
import { describeError, writeLine } from '../lib/node/log.ts';
import { systemNow } from '../lib/node/system.ts';
import { OAuthError } from '../lib/oauth/oauth-error.ts';
import { configured } from './wiring/configured.ts';
import { httpFunction } from './wiring/http-function.ts';
import { nodeMessages } from './wiring/node-messages.ts';
import { createLiveVersionsOf } from './wiring/readers.ts';

const MAX_BODY_BYTES = 16_384;

const loaded = await configured(() => import('../streampass.config.ts'), process.env);
const table = dynamoNodeTable(
  process.env['NODES_TABLE'] ?? '',
  new DynamoDBClient({ ...awsAccess(process.env), maxAttempts: 2 }),
);
const liveVersionsOf = createLiveVersionsOf(process.env);
const fleets = new Map(
  Object.entries(loaded.config.targets).flatMap(([name, target]) =>
    target.fleet?.by === 'reported'
      ? [[name, { fleet: target.fleet, live: liveVersionsOf(name, target) }] as const]
      : [],
  ),
);

const answer = nodeMessages({
  name: 'nodes',
  targets: fleets,
  place: -1,
  mostBytes: MAX_BODY_BYTES,
  async receive(token, target, { fleet, live }) {
    const { versions, servers = null } = await live(5);
    const received = await receiveMessage(token, {
      target,
      versions,
      table,
      goneAfter: fleet.goneAfter ?? GONE_AFTER,
      now: systemNow(),
    }).catch((error: unknown) => {
      if (error instanceof OAuthError) throw error;
      writeLine({ event: 'nodes.table', target, ...describeError(error) });
      throw new OAuthError('secret_unavailable');
    });
    return received.ok ? { ok: true, answer: { servers } } : received;
  },
});

/** `POST /nodes/{target}`: 200 with the version that servers should hold; a refusal has a `reason`. */
export const handler = httpFunction({ name: 'nodes', configured: loaded, answer });
