import { antmediaProperties } from './antmedia/config-file.ts';
import { prosodyLua } from './jitsi/config-file.ts';
import { red5Properties } from './red5/config-file.ts';
import { rtcstatsYaml } from './rtcstats/config-file.ts';

/** The format of each kind of server's configuration file, by the kind's name. A new kind is one more row. */
export const configFileFormats = {
  antmedia: antmediaProperties,
  red5: red5Properties,
  jitsi: prosodyLua,
  rtcstats: rtcstatsYaml,
} as const;

/** A kind of server whose configuration file streampass can change. */
export type ConfigFileKind = keyof typeof configFileFormats;

/** Whether a kind of server has such a file. */
export function isConfigFileKind(kind: string): kind is ConfigFileKind {
  return Object.hasOwn(configFileFormats, kind);
}
