import type { ConfigFileKind } from '../media-servers/config-files.ts';
import type { Target } from '../media-servers/target.ts';

/** A mistake in how a target's servers are named, and where it stands. */
export interface FleetProblem {
  readonly path: string;
  readonly problem: string;
}

/** Named here rather than asked of the formats, so that a function that reads no config file carries none. */
const KINDS_WITH_A_FORMAT: Readonly<Record<ConfigFileKind, true>> = {
  red5: true,
  jitsi: true,
  rtcstats: true,
};

/** Servers that a configuration names but a rotation could not reach or change: one line for each. */
export function fleetProblems(
  targets: Readonly<Record<string, Pick<Target, 'kind' | 'keys' | 'fleet'>>>,
): FleetProblem[] {
  return Object.entries(targets).flatMap(([name, { kind, keys, fleet }]) => {
    // Servers that fetch public keys are not reached at all.
    if (fleet === undefined || keys === 'jwks') return [];
    const path = `targets.${name}.fleet`;
    const problems: FleetProblem[] = [];
    if (keys === 'single' && !Object.hasOwn(KINDS_WITH_A_FORMAT, kind)) {
      problems.push({ path, problem: `no config file format is known for ${kind} servers` });
    }
    if (keys === 'keyring' && fleet.by !== 'files' && !Object.hasOwn(KINDS_WITH_A_FORMAT, kind)) {
      problems.push({
        path,
        problem: `the agent knows no key rings of ${kind} servers: name their files`,
      });
    }
    return problems;
  });
}
