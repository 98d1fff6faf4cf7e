import type { FleetOptions } from '../media-servers/target.ts';

type Options<By extends FleetOptions['by']> = Omit<Extract<FleetOptions, { readonly by: By }>, 'by'>;

/**
 * Servers whose config files are on the machine that runs `rotate`: one path a node, and the command that reloads a server.
 * Options are checked with their target's.
 */
export function files(options: Options<'files'>): FleetOptions {
  return { ...options, by: 'files' };
}

/** EC2 instances and managed nodes with a tag, which Systems Manager's Run Command reaches. */
export function ssm(options: Options<'ssm'>): FleetOptions {
  return { ...options, by: 'ssm' };
}

/** Servers anywhere, whose agents follow the rotation and report. */
export function reported(options: Options<'reported'> = {}): FleetOptions {
  return { ...options, by: 'reported' };
}
