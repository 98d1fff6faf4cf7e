import { kidOf } from '../signing-keys/secret.ts';
import type { ServerSecret } from '../rotation/ports.ts';
import { configFileFormats, type ConfigFileKind } from '../media-servers/config-files.ts';
import type { ExpectedSettings } from '../media-servers/config-file.ts';
import { decodeFile } from '../media-servers/file-text.ts';

/** What a server's file says of its secrets. */
export type HeldSecrets =
  | { readonly ok: true; readonly holds: readonly string[]; readonly problems: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/** The bytes of a file with other secrets, or why it was left alone. */
export type ChangedFile =
  { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly problem: string };

/** How the secrets of one kind of server stand in its file. Pure; problems are one line and hold no secret. */
export interface SecretFile {
  held(bytes: Uint8Array, versions: readonly ServerSecret[]): HeldSecrets;
  change(bytes: Uint8Array, versions: readonly ServerSecret[]): ChangedFile;
}

/** A server's own config file, in which one secret stands. */
export function configFile(kind: ConfigFileKind, expected: ExpectedSettings): SecretFile {
  const format = configFileFormats[kind];
  return {
    held(bytes, versions) {
      const { text } = decodeFile(bytes);
      const read = format.readSecret(text);
      if (!read.ok) return read;
      const holds = versions
        .filter((version) => version.text === read.secret)
        .map(({ versionId }) => versionId);
      const unknown =
        read.secret === '' ? `${format.secretSetting} is empty: the server accepts anybody` : UNKNOWN;
      const problems = format.problems(text, expected);
      return { ok: true, holds, problems: holds.length > 0 ? problems : [unknown, ...problems] };
    },
    change(bytes, [version]) {
      if (version === undefined) return { ok: false, problem: 'there is no version to hold' };
      const { text, toBytes } = decodeFile(bytes);
      const replaced = format.replaceSecret(text, version.text);
      return replaced.ok ? { ok: true, bytes: toBytes(replaced.text) } : replaced;
    },
  };
}

const UNKNOWN = 'holds a secret that is none of the live versions';

/** A key ring file of ours, a JSON object from `kid` to secret, for servers that look a secret up by `kid`. */
export const keyRingFile: SecretFile = {
  held(bytes, versions) {
    const ring = parseRing(bytes);
    if (ring === undefined)
      return { ok: false, problem: 'is no JSON object of texts: a key ring file is {"kid": "secret"}' };
    // A key that no live version has is held too: it has to go.
    const holds = Object.entries(ring).map(
      ([kid, secret]) =>
        versions.find(({ versionId, text }) => kidOf(versionId) === kid && text === secret)?.versionId ?? kid,
    );
    return { ok: true, holds, problems: [] };
  },
  change(_bytes, versions) {
    const ring = Object.fromEntries(versions.map(({ versionId, text }) => [kidOf(versionId), text]));
    return { ok: true, bytes: Buffer.from(`${JSON.stringify(ring, null, 2)}\n`) };
  },
};

function parseRing(bytes: Uint8Array): Readonly<Record<string, string>> | undefined {
  try {
    const ring: unknown = JSON.parse(Buffer.from(bytes).toString('utf8') || '{}');
    const isRing =
      typeof ring === 'object' &&
      ring !== null &&
      !Array.isArray(ring) &&
      Object.values(ring).every((secret) => typeof secret === 'string');
    return isRing ? (ring as Record<string, string>) : undefined;
  } catch {
    return undefined;
  }
}
