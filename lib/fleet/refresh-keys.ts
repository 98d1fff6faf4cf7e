import type { NodeState } from '../rotation/state.ts';
import type { Servers } from '../rotation/ports.ts';
import { connectionTo } from './probe-connection.ts';

/**
 * Servers that fetch public keys and cache them, as the fleet of a rotation. Nobody can see which keys they hold, but after
 * an emergency each can be asked to fetch them again. If a server does not, its node has a problem.
 *
 * @param addresses the address of each server's request, with its path
 */
export function keyFetchingServers(addresses: readonly string[]): Pick<Servers, 'observe' | 'apply'> {
  return {
    observe: async () => ({ nodes: [] }),
    apply: async (_secretArn, versions) =>
      Promise.all(
        addresses.map(async (address): Promise<NodeState> => {
          const problem = await askToRefresh(address);
          const holds = problem === undefined ? versions.map(({ versionId }) => versionId) : [];
          return { node: address, holds, ...(problem !== undefined && { problem }) };
        }),
      ),
  };
}

async function askToRefresh(address: string): Promise<string | undefined> {
  const url = URL.parse(address);
  if (url === null) return 'is not an address';
  try {
    const { status } = await connectionTo(url.origin).post(url, 'application/json', '');
    return status >= 200 && status < 300 ? undefined : `did not fetch its keys again: status ${status}`;
  } catch (error) {
    return error instanceof Error ? error.message : 'cannot be reached';
  }
}
