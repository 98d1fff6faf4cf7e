import { jitsiRules } from './jitsi.ts';
import { red5Rules } from './red5.ts';
import { rtcstatsRules } from './rtcstats.ts';
import type { ServerRules } from './server-rules.ts';

/** A kind of media server, by its target's kind. */
export type MediaServerKind = keyof SettingsOf;

/** What each kind's nodes hold after reading their configuration file. */
export interface SettingsOf {
  readonly red5: Parameters<typeof red5Rules.decide>[1];
  readonly jitsi: Parameters<typeof jitsiRules.decide>[1];
  readonly rtcstats: Parameters<typeof rtcstatsRules.decide>[1];
}

/** The rules of each kind of media server, by the kind's name. */
export const serverRules: { readonly [Kind in MediaServerKind]: ServerRules<SettingsOf[Kind]> } = {
  red5: red5Rules,
  jitsi: jitsiRules,
  rtcstats: rtcstatsRules,
};

/** The rules of one kind, with their own settings' type. */
export function rulesOf<Kind extends MediaServerKind>(kind: Kind): ServerRules<SettingsOf[Kind]> {
  return serverRules[kind];
}
