import { safeParse } from 'valibot';
import type { Timing } from '../config/config.ts';
import type { ConfigFileFormat, ExpectedSettings } from '../media-servers/config-file.ts';
import type { Target } from '../media-servers/target.ts';
import { configFileFormats } from '../media-servers/config-files.ts';

/** What the tokens of a target need of its servers' settings. */
export function expectedSettings(target: Target, timing: Timing): ExpectedSettings {
  return {
    ...(target.issuer !== undefined && { issuer: target.issuer }),
    ...(target.audience !== undefined && { audience: target.audience }),
    ...(target.domain !== undefined && { domain: target.domain }),
    longestTokenSeconds: target.longestToken,
    clockSkewSeconds: timing.clockSkew,
  };
}

/**
 * One line for each setting of a node that would make its server refuse our tokens, or let people in without one. `settings` is
 * what the node says stands in its config file: not trusted to have any form.
 */
export function nodeSettingsProblems(
  kind: string,
  settings: unknown,
  expected: ExpectedSettings,
): readonly string[] {
  switch (kind) {
    case 'red5':
      return problemsOf(configFileFormats.red5, settings, expected);
    case 'jitsi':
      return problemsOf(configFileFormats.jitsi, settings, expected);
    case 'rtcstats':
      return problemsOf(configFileFormats.rtcstats, settings, expected);
    default:
      return [];
  }
}

function problemsOf<Settings>(
  format: ConfigFileFormat<Settings>,
  settings: unknown,
  expected: ExpectedSettings,
): readonly string[] {
  if (settings === undefined) return [];
  const parsed = safeParse(format.settingsSchema, settings);
  return parsed.success
    ? format.settingsProblems(parsed.output, expected)
    : ['sent settings of another form than its kind of server has'];
}
