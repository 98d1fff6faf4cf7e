import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { deniedRowsOf } from '../../lib/admission/admission.ts';
import { deniedHashes, nameOfHashes } from '../../lib/admission/denied-hashes.ts';
import { dynamoDeniedRows } from '../../lib/aws/deny-list.ts';
import { dynamoNodeTable } from '../../lib/aws/node-table.ts';
import type { Config } from '../../lib/config/config.ts';
import { denialsOf, toldNodes } from '../../lib/fleet/denials.ts';
import { systemNow } from '../../lib/node/system.ts';
import type { KickedServer } from './kick.ts';

/** What the agents of a target's servers said, and which list of denied hashes should be in force there now. */
export async function toldOf(
  config: Config,
  name: string,
  tables: { readonly client: DynamoDBClient; readonly deny: string; readonly nodes: string },
): ReturnType<KickedServer['told']> {
  const target = config.targets[name];
  if (target === undefined) throw new Error(`no target is called "${name}"`);
  const now = systemNow();
  const rows = [...deniedRowsOf(config.deny), ...(await dynamoDeniedRows(tables.deny, tables.client, now))];
  const issuers = config.issuers.map(({ issuer }) => issuer);
  return {
    list: nameOfHashes(deniedHashes(rows, target.subject, name, issuers)),
    nodes: toldNodes(await dynamoNodeTable(tables.nodes, tables.client).list(denialsOf(name)), now),
  };
}
