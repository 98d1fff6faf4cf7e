import type { ConfigFileKind } from '../media-servers/config-files.ts';
import type { Target } from '../media-servers/target.ts';

/** A mistake in how a target's servers are named, and where it stands. */
export interface FleetProblem {
  readonly path: string;
  readonly problem: string;
}

/**
 * How the names of config files end. Named here rather than asked of the formats, so that a function that reads no config file
 * carries none.
 */
const FILE_NAMES: Readonly<Record<ConfigFileKind, RegExp>> = {
  antmedia: /\.properties$/,
  red5: /\.properties$/,
  jitsi: /\.lua$/,
  rtcstats: /\.ya?ml$/,
};

/** Servers that a configuration names but a rotation could not reach or change: one line for each. */
export function fleetProblems(
  targets: Readonly<Record<string, Pick<Target, 'kind' | 'keys' | 'fleet'>>>,
): FleetProblem[] {
  return Object.entries(targets).flatMap(([name, { kind, keys, fleet }]) => {
    // Servers that fetch public keys are not reached at all.
    if (fleet === undefined || keys === 'jwks') return [];
    const path = `targets.${name}.fleet`;
    const problems = fleet.by === 'files' ? fileProblems(`${path}.files`, kind, keys, fleet.files) : [];
    if (keys === 'single' && !Object.hasOwn(FILE_NAMES, kind)) {
      problems.push({ path, problem: `no config file format is known for ${kind} servers` });
    }
    if (keys === 'keyring' && fleet.by !== 'files' && !Object.hasOwn(FILE_NAMES, kind)) {
      problems.push({
        path,
        problem: `the agent knows no key rings of ${kind} servers: name their files`,
      });
    }
    return problems;
  });
}

/** Files whose names say that another kind of server reads them: a rotation would look for the secret in vain. */
function fileProblems(
  path: string,
  kind: string,
  keys: Target['keys'],
  files: readonly string[],
): FleetProblem[] {
  return files.flatMap((file, index) => {
    const owners = Object.keys(FILE_NAMES).filter((owner) => FILE_NAMES[owner as ConfigFileKind].test(file));
    const owner = owners.at(-1);
    // LiveKit's key file may be called keys.yaml.
    const contradicts =
      keys === 'keyring' ? owner !== undefined && owner !== 'rtcstats' : !owners.includes(kind);
    return owner === undefined || !contradicts
      ? []
      : [
          {
            path: `${path}[${index}]`,
            problem:
              keys === 'keyring'
                ? `is a config file of ${owner} servers: name the key ring file`
                : `is a config file of ${owner} servers, and this target is ${kind}`,
          },
        ];
  });
}
