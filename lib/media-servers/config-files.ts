import type { ConfigFileFormat } from './config-file.ts';
import * as prosodyLua from './jitsi/config-file.ts';
import * as red5Properties from './red5/config-file.ts';
import * as rtcstatsYaml from './rtcstats/config-file.ts';

/** The format of each kind of server's configuration file, by the kind's name. A new kind is one more row. */
export const configFileFormats = {
  red5: red5Properties,
  jitsi: prosodyLua,
  rtcstats: rtcstatsYaml,
} as const satisfies Readonly<Record<string, ConfigFileFormat>>;

/** A kind of server whose configuration file streampass can change. */
export type ConfigFileKind = keyof typeof configFileFormats;
