import { resolve } from 'node:path';
import { readReloadAddress } from './reload-address.ts';

/**
 * `node local/media-servers/reload.ts FILE-OR-ADDRESS`: makes the local node that reads this configuration file (or
 * is reloaded at this address) read it again, and waits until it takes connections. If it does not, it prints one line and
 * exits with 1, as a reload command of a rotation must.
 */
const timeoutMs = 30_000;

async function reload(target: string): Promise<string | undefined> {
  const address = /^https?:\/\//.test(target) ? target : await readReloadAddress(resolve(target));
  if (address === undefined) return `no local media server reads ${target}`;
  try {
    const response = await fetch(address, { method: 'POST', signal: AbortSignal.timeout(timeoutMs) });
    const status = (await response.json()) as { readonly state?: string; readonly problem?: string };
    if (response.ok) return undefined;
    return `the node is not up: ${status.problem ?? status.state ?? `status ${response.status}`}`;
  } catch {
    return `the node does not answer at ${address}`;
  }
}

const [target] = process.argv.slice(2);
const problem = target === undefined ? 'name a configuration file or an address' : await reload(target);
if (problem !== undefined) {
  console.error(`reload: ${problem}`);
  process.exitCode = 1;
}
