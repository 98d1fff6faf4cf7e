import type { DenyTable } from '../../lib/admission/cached-table.ts';

/**
 * The deny table that `DENY_TABLE` names; `undefined` without one, as where functions run without a stack. Only a function
 * that has one loads DynamoDB's client.
 */
export function denyTableOf(env: Readonly<Record<string, string | undefined>>): DenyTable | undefined {
  const name = env['DENY_TABLE'];
  if (!name) return undefined;
  const table = import('../../lib/aws/deny-table.ts').then(({ dynamoDenyTable }) =>
    dynamoDenyTable(name, env),
  );
  return { find: async (keys) => (await table).find(keys) };
}
