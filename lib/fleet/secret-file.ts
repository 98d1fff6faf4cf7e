import { checkSharedSecret, kidOf } from '../signing-keys/secret.ts';
import type { ServerSecret } from '../rotation/ports.ts';
import { configFileFormats, type ConfigFileKind } from '../media-servers/config-files.ts';
import { decodeFile } from '../media-servers/file-text.ts';

/** One secret in a file; with its `kid` in a key ring. */
export interface HeldSecret {
  readonly kid?: string;
  readonly text: string;
}

/** What a server's file holds: its secrets, and its settings that decide about tokens. */
export type ReadSecrets =
  | { readonly ok: true; readonly secrets: readonly HeldSecret[]; readonly settings?: unknown }
  | { readonly ok: false; readonly problem: string };

/** The bytes of a file with other secrets, or why it was left alone. */
export type ChangedFile =
  { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly problem: string };

/** How one kind of server keeps secrets in its file. Pure; problems are one line and hold no secret. */
export interface SecretFile {
  read(bytes: Uint8Array): ReadSecrets;
  change(bytes: Uint8Array, versions: readonly ServerSecret[]): ChangedFile;
}

/** A server's own config file, which holds one secret. */
export function configFile(kind: ConfigFileKind): SecretFile {
  const format = configFileFormats[kind];
  return {
    read(bytes) {
      const { text } = decodeFile(bytes, format.encoding);
      const read = format.readSecret(text);
      if (!read.ok) return read;
      if (read.secret === '')
        return { ok: false, problem: `${format.secretSetting} is empty: the server lets everyone in` };
      const settings = format.readSettings(text);
      return settings.ok
        ? { ok: true, secrets: [{ text: read.secret }], settings: settings.settings }
        : settings;
    },
    change(bytes, [version]) {
      if (version === undefined) return { ok: false, problem: 'there is no version to hold' };
      const problem = problemOf(version);
      if (problem !== undefined) return { ok: false, problem };
      const { text, toBytes } = decodeFile(bytes, format.encoding);
      const replaced = format.replaceSecret(text, version.text);
      return replaced.ok ? { ok: true, bytes: toBytes(replaced.text) } : replaced;
    },
  };
}

/** A key ring file of ours, a JSON object from `kid` to secret, for servers that look a secret up by `kid`. */
export const keyRingFile: SecretFile = {
  read(bytes) {
    const ring = parseRing(bytes);
    if (ring === undefined) return { ok: false, problem: NOT_A_RING };
    return { ok: true, secrets: Object.entries(ring).map(([kid, text]) => ({ kid, text })) };
  },
  change(bytes, versions) {
    // A file that is not a key ring, such as a config file, must not be overwritten.
    if (parseRing(bytes) === undefined) return { ok: false, problem: NOT_A_RING };
    const problem = versions.map(problemOf).find((found) => found !== undefined);
    if (problem !== undefined) return { ok: false, problem };
    const ring = Object.fromEntries(versions.map(({ versionId, text }) => [kidOf(versionId), text]));
    return { ok: true, bytes: Buffer.from(`${JSON.stringify(ring, null, 2)}\n`) };
  },
};

const NOT_A_RING =
  'is neither empty nor a key ring ({"kid": "secret"}), so it is left alone: name the key ring file, not the config file';

function problemOf({ versionId, text }: ServerSecret): string | undefined {
  const checked = checkSharedSecret({ SecretString: text });
  return checked.usable ? undefined : `version ${versionId} ${checked.problem}: nothing was changed`;
}

/** An empty file is a ring without keys. */
function parseRing(bytes: Uint8Array): Readonly<Record<string, string>> | undefined {
  const text = Buffer.from(bytes).toString('utf8').trim();
  if (text === '') return {};
  try {
    const ring: unknown = JSON.parse(text);
    const isRing =
      typeof ring === 'object' &&
      ring !== null &&
      !Array.isArray(ring) &&
      Object.entries(ring).every(
        ([kid, secret]) => /^[A-Za-z0-9-]{8}$/.test(kid) && typeof secret === 'string',
      );
    return isRing ? (ring as Record<string, string>) : undefined;
  } catch {
    return undefined;
  }
}
