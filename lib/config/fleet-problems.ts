import type { ConfigFileKind } from '../media-servers/config-files.ts';
import type { Target } from '../media-servers/target.ts';

/** A mistake in a target's `fleet`, and its path. */
export interface FleetProblem {
  readonly path: string;
  readonly problem: string;
}

/**
 * The endings of config files' names. They are listed here and not taken from the formats, so that a function that reads no
 * config file does not bundle the formats.
 */
const FILE_NAMES: Readonly<Record<ConfigFileKind, RegExp>> = {
  antmedia: /\.properties$/,
  red5: /\.properties$/,
  jitsi: /\.lua$/,
  rtcstats: /\.ya?ml$/,
};

/** Servers in the configuration that a rotation could not reach or change, one line for each. */
export function fleetProblems(
  targets: Readonly<Record<string, Pick<Target, 'kind' | 'keys' | 'fleet'>>>,
): FleetProblem[] {
  return Object.entries(targets).flatMap(([name, { kind, keys, fleet }]) => {
    // A rotation does not contact servers that fetch public keys.
    if (fleet === undefined || keys === 'jwks') return [];
    const path = `targets.${name}.fleet`;
    const problems = fleet.by === 'files' ? fileProblems(`${path}.files`, kind, keys, fleet.files) : [];
    if (keys === 'single' && !Object.hasOwn(FILE_NAMES, kind)) {
      problems.push({ path, problem: `no config file format is known for ${kind} servers` });
    }
    if (keys === 'keyring' && fleet.by !== 'files' && !Object.hasOwn(FILE_NAMES, kind)) {
      problems.push({
        path,
        problem: `${kind} servers have no key ring: name their config files`,
      });
    }
    return problems;
  });
}

/** Files whose names are those of another kind of server. A rotation would not find the secret there. */
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
