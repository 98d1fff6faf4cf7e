import { readFile, rm, writeFile } from 'node:fs/promises';

/** Beside a node's configuration file, as a pid file stands beside a daemon's: where to ask for a reload of the node. */
function addressFile(configFile: string): string {
  return `${configFile}.reload-address`;
}

/** Says where a node can be reloaded. A folder that is not there gets no such file. */
export async function writeReloadAddress(configFile: string, address: string): Promise<void> {
  try {
    await writeFile(addressFile(configFile), `${address}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Takes the file away when the node ends. */
export async function removeReloadAddress(configFile: string): Promise<void> {
  await rm(addressFile(configFile), { force: true });
}

/** Where the node of a configuration file can be reloaded, or `undefined` while none runs. */
export async function readReloadAddress(configFile: string): Promise<string | undefined> {
  try {
    return (await readFile(addressFile(configFile), 'utf8')).trim();
  } catch {
    return undefined;
  }
}
