import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { decodeFile } from '../../lib/media-servers/file-text.ts';
import { configFileFormats } from '../../lib/media-servers/config-files.ts';
import { rulesOf, type MediaServerKind, type SettingsOf } from './rules/index.ts';

/** The state that a node shows; never its secret. */
export interface NodeStatus {
  readonly index: number;
  readonly file: string;
  /** Only a node that is `up` takes connections. */
  readonly state: 'up' | 'reloading' | 'waiting for a secret' | 'cannot read its config';
  readonly problem?: string;
  /** The first 8 hexadecimal digits of the held secret's SHA-256, or null. */
  readonly secretFingerprint: string | null;
  readonly connected: number;
  readonly refused: number;
}

/** One server of a fleet: it holds only what it read from its configuration file at its last start. */
export interface MediaNode<Kind extends MediaServerKind> {
  readonly index: number;
  /** The settings by which it decides, or `undefined` while it takes no connections. */
  readonly settings: () => SettingsOf[Kind] | undefined;
  readonly status: () => NodeStatus;
  /** Counts a decision. */
  readonly count: (decision: 'connected' | 'refused') => void;
  /** Reads the file again as this kind of server does, and settles when it is up or has failed. Never rejects. */
  readonly reload: () => Promise<NodeStatus>;
}

/** How a node is made. */
export interface MediaNodeOptions<Kind extends MediaServerKind> {
  readonly kind: Kind;
  readonly index: number;
  readonly file: string;
  /** Milliseconds · how long a restart takes. Prosody reloads its module without a gap. */
  readonly downtimeMs: number;
  /** A restart drops the node's connections. */
  readonly onStop: (index: number) => void;
}

/** Starts a node: reads its file once. */
export async function startMediaNode<Kind extends MediaServerKind>(
  options: MediaNodeOptions<Kind>,
): Promise<MediaNode<Kind>> {
  const { kind, index, file, downtimeMs, onStop } = options;
  const restarts = kind !== 'jitsi';
  let held = await readHeld(kind, file);
  let reloading = false;
  let lastReload: Promise<unknown> = Promise.resolve();
  const counts = { connected: 0, refused: 0 };

  const status = (): NodeStatus => ({
    index,
    file,
    ...(reloading ? { state: 'reloading' } : stateOf(held)),
    secretFingerprint: held.ok && held.settings.secret !== '' ? fingerprint(held.settings.secret) : null,
    ...counts,
  });

  const reloadOnce = async () => {
    if (restarts) {
      reloading = true;
      onStop(index);
      await wait(downtimeMs);
    }
    held = await readHeld(kind, file);
    reloading = false;
    return status();
  };

  return {
    index,
    settings: () => (!reloading && held.ok && held.settings.secret !== '' ? held.settings : undefined),
    status,
    count: (decision) => {
      counts[decision]++;
    },
    reload: () => {
      // Reloads run one after the other: each must read what was written before its request.
      const reloaded = lastReload.then(reloadOnce);
      lastReload = reloaded;
      return reloaded;
    },
  };
}

type Held<Kind extends MediaServerKind> =
  | { readonly ok: true; readonly settings: SettingsOf[Kind] }
  | { readonly ok: false; readonly problem: string };

async function readHeld<Kind extends MediaServerKind>(kind: Kind, file: string): Promise<Held<Kind>> {
  try {
    return rulesOf(kind).readConfig(decodeFile(await readFile(file), configFileFormats[kind].encoding).text);
  } catch (error) {
    return {
      ok: false,
      problem: `${(error as NodeJS.ErrnoException).code ?? 'error'}: the file cannot be read`,
    };
  }
}

function stateOf(held: Held<MediaServerKind>): Pick<NodeStatus, 'state' | 'problem'> {
  if (!held.ok) return { state: 'cannot read its config', problem: held.problem };
  return { state: held.settings.secret === '' ? 'waiting for a secret' : 'up' };
}

function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 8);
}
