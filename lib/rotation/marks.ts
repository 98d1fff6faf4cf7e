import { MARKS, type Mark, type MarkName } from './state.ts';

const PREFIX = 'streampass:';

/** The tag that holds a mark. */
export function markKey(name: MarkName): string {
  return PREFIX + name;
}

/** A mark as a tag's value: version id, a blank, and the time as ISO 8601 (tags allow no `|`). */
export function formatMark({ version, at }: Mark): string {
  return `${version} ${new Date(at * 1000).toISOString()}`;
}

/** The marks among a secret's tags. A tag that is not a valid mark counts as absent. */
export function readMarks(tags: Readonly<Record<string, string>>): Partial<Record<MarkName, Mark>> {
  const marks: Partial<Record<MarkName, Mark>> = {};
  for (const name of MARKS) {
    const [version, time, ...rest] = (tags[markKey(name)] ?? '').split(' ');
    const at = Date.parse(time ?? '') / 1000;
    if (version && rest.length === 0 && Number.isFinite(at)) marks[name] = { version, at };
  }
  return marks;
}
