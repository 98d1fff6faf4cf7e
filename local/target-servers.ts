import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../lib/config/config.ts';
import { expectedSettings } from '../lib/fleet/node-settings.ts';
import type { ConfiguredTarget, Fleet } from '../lib/media-servers/target.ts';
import { configFileName, fitConfigFile } from './media-servers/config-templates.ts';
import { serverRules, type MediaServerKind } from './media-servers/rules/index.ts';
import { startMediaServer, type MediaServer } from './media-servers/start-media-server.ts';

/** What stands for a target's servers on this machine. */
export type TargetServers =
  /** Nodes that decide about tokens by that server's documented rules, each with a real config file. */
  | { readonly by: 'media server'; readonly server: MediaServer; readonly fleet: Fleet }
  /** The file that servers of one's own can be started with. */
  | { readonly by: 'key ring file'; readonly file: string; readonly fleet: Fleet }
  /** Servers of one's own can fetch the public keys from the API. */
  | { readonly by: 'public keys' }
  /** The key has its name from another service, and is put into the secret by hand. */
  | { readonly by: 'key by hand' };

/** How servers are started. */
export interface TargetServersOptions {
  /** Where the config files outlive the process. */
  readonly folder: string;
  /** Nodes of a media server. */
  readonly nodes: number;
  /** Where its media server listens, if it has one. */
  readonly port: number;
}

const RELOAD = join(import.meta.dirname, 'media-servers/reload.ts');

/** Whether a media server of this stack stands for a target's servers. */
export function hasMediaServer(target: ConfiguredTarget): boolean {
  return target.keys === 'single' && Object.hasOwn(serverRules, target.kind);
}

/** Starts what stands for a target's servers. @throws {Error} one line: the port is taken */
export async function startTargetServers(
  name: string,
  target: ConfiguredTarget,
  { timing }: Config,
  { folder, nodes, port }: TargetServersOptions,
): Promise<TargetServers> {
  if (hasMediaServer(target)) {
    const kind = target.kind as MediaServerKind;
    const files = Array.from({ length: nodes }, (_, index) =>
      join(folder, `${name}-${index}`, configFileName[kind]),
    );
    const expected = expectedSettings(target, timing);
    const { issuer, audience, domain } = expected;
    const values = {
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
      ...(domain !== undefined && { domain }),
      ...(target.serverLimit !== undefined && { ttlMinutes: Math.floor(target.serverLimit / 60) }),
    };
    for (const file of files) await fitConfigFile(kind, file, expected, values);
    const server = await startMediaServer({ kind, port, files });
    const fleet: Fleet = {
      by: 'files',
      files,
      reload: `${process.execPath} ${RELOAD} {file}`,
      probe: [server.url],
    };
    return { by: 'media server', server, fleet };
  }
  if (target.rotates === false) return { by: 'key by hand' };
  if (target.keys !== 'keyring') return { by: 'public keys' };
  const file = join(folder, name, 'key-ring.json');
  await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
  // An empty file is a key ring without keys; one that is there keeps its keys.
  await writeFile(file, '', { flag: 'a', mode: 0o600 });
  return { by: 'key ring file', file, fleet: { by: 'files', files: [file] } };
}
