import { STREAM_KEYS } from './stream-keys.ts';

/** The logical id that the resources of a target begin with: `live-eu` is `LiveDasheu`. */
export function logicalIdOf(target: string): string {
  const id = target.replaceAll('-', 'Dash').replaceAll('_', 'Underscore');
  return id.charAt(0).toUpperCase() + id.slice(1);
}

/**
 * The problem of a target's name, given the names before it; `undefined` if there is none. The name is used in names of AWS
 * resources, logical ids and files, and some of these ignore case.
 */
export function targetNameProblem(name: string, before: readonly string[]): string | undefined {
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name)) {
    return 'a target’s name is 1 to 64 letters, digits, "-" or "_", beginning with a letter';
  }
  if (name in Object.prototype) return 'is the name of a member that every object has: choose another';
  const comparable = (other: string) => logicalIdOf(other).toLowerCase();
  if (comparable(name) === comparable(STREAM_KEYS)) return 'is the name of the stream keys’ own secret';
  const same = before.find((other) => comparable(other) === comparable(name));
  return same && `is the same name as "${same}" in AWS and in file names: choose another`;
}
