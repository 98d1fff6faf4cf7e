import { jitsiRules } from './jitsi.ts';
import { red5Rules } from './red5.ts';
import { rtcstatsRules } from './rtcstats.ts';
import type { ServerRules } from './server-rules.ts';

/** The rules of each kind of media server, by the kind's name. */
export const serverRules = { red5: red5Rules, jitsi: jitsiRules, rtcstats: rtcstatsRules } as const;

export type MediaServerKind = keyof typeof serverRules;

/** What each kind's nodes hold after reading their configuration file. */
export interface SettingsOf {
  readonly red5: Parameters<typeof red5Rules.judge>[1];
  readonly jitsi: Parameters<typeof jitsiRules.judge>[1];
  readonly rtcstats: Parameters<typeof rtcstatsRules.judge>[1];
}

/** The rules of one kind, with their own settings' type. */
export function rulesOf<Kind extends MediaServerKind>(kind: Kind): ServerRules<SettingsOf[Kind]> {
  const rules: { readonly [K in MediaServerKind]: ServerRules<SettingsOf[K]> } = serverRules;
  return rules[kind];
}
