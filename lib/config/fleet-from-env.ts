import type { FleetOptions } from '../media-servers/target.ts';

/**
 * A target's servers, from environment variables: `NAME_SERVER_FILES` (config files, one a node, separated by `:`)
 * with `NAME_SERVER_RELOAD` (a command run after a change), or `NAME_SERVER_TAG` (`key=value` of the instances); and
 * `NAME_SERVER_PROBE` (addresses to try a new secret on, separated by blanks). `undefined` if none is set: the target then
 * has no fleet.
 *
 * @param name the target's name in upper case, such as `RED5`
 */
export function fleetFromEnv(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): FleetOptions | undefined {
  const files = env[`${name}_SERVER_FILES`];
  const reload = env[`${name}_SERVER_RELOAD`];
  const tag = env[`${name}_SERVER_TAG`];
  const addresses = env[`${name}_SERVER_PROBE`]?.split(' ').filter((address) => address !== '') ?? [];
  const probe = addresses.length > 0 ? { probe: addresses } : {};
  if (files) return { by: 'files', files: files.split(':'), ...(reload && { reload }), ...probe };
  if (!tag) return undefined;
  const separator = tag.indexOf('=');
  return {
    by: 'ssm',
    tag: { key: tag.slice(0, Math.max(0, separator)), value: tag.slice(separator + 1) },
    ...probe,
  };
}
