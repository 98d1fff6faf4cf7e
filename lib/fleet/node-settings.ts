import type { Timing } from '../config/config.ts';
import type { ExpectedSettings } from '../media-servers/config-file.ts';
import type { Target } from '../media-servers/target.ts';
import { configFileFormats, isConfigFileKind } from '../media-servers/config-files.ts';

/** What a target's tokens require of its servers' settings. */
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
 * One line for each setting of a node that would make its server refuse our tokens, or let people in without one. `settings`
 * is what the node reports from its config file: untrusted, and of any shape.
 */
export function nodeSettingsProblems(
  kind: string,
  settings: unknown,
  expected: ExpectedSettings,
): readonly string[] {
  if (settings === undefined || !isConfigFileKind(kind)) return [];
  return configFileFormats[kind].reportedProblems(settings, expected);
}
