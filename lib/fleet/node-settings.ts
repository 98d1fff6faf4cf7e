import type { ExpectedSettings } from '../media-servers/config-file.ts';
import { settingsProblems as jitsiProblems } from '../media-servers/jitsi/config-file.ts';
import { readSettings, settingsProblems as red5Problems } from '../media-servers/red5/config-file.ts';

/** The settings that a node's script reports, by the config file's own names. */
type Settings = Readonly<Record<string, string>>;

/** One line for each setting on a node that would make its server refuse our tokens, or let people in without one. */
export function nodeSettingsProblems(
  kind: string,
  settings: Settings,
  expected: ExpectedSettings,
): readonly string[] {
  switch (kind) {
    case 'red5':
      return ofRed5(settings, expected);
    case 'jitsi':
      return ofJitsi(settings, expected);
    default:
      return [];
  }
}

function ofRed5(settings: Settings, expected: ExpectedSettings): readonly string[] {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const read = readSettings(lines.join('\n'));
  return read.ok ? red5Problems(read.settings, expected) : [read.problem];
}

/** The script reports no more than these; what it leaves out is not judged. */
function ofJitsi(settings: Settings, expected: ExpectedSettings): readonly string[] {
  const { app_id: appId, authentication, allow_empty_token: empty, VirtualHost: domain } = settings;
  return jitsiProblems(
    {
      domain,
      appId,
      authentication,
      allowEmptyToken: empty === undefined ? undefined : empty === 'true',
      acceptedIssuers: undefined,
      acceptedAudiences: undefined,
      signatureAlgorithm: undefined,
      enableDomainVerification: undefined,
      requireRoomClaim: undefined,
      keyServer: undefined,
    },
    expected,
  );
}
