import type { Config } from '../../lib/config/config.ts';
import { FINDING_KINDS, lintPolicy } from '../../lib/policy/lint.ts';
import type { FindingKind } from '../../lib/policy/lint.ts';

/** Kinds that may be intended: they are listed, but do not change the exit code. */
const NOTES: readonly FindingKind[] = ['any_room'];

/**
 * The rules of a configuration that look like a mistake, one line each, and the exit code: 1 if there is something to fix.
 *
 * @param ignored kinds that are not looked for
 * @throws {Error} there is no such kind
 */
export function lintLines(
  config: Config,
  ignored: readonly string[],
): { readonly lines: readonly string[]; readonly exitCode: 0 | 1 } {
  const unknown = ignored.find((kind) => !FINDING_KINDS.some((known) => known === kind));
  if (unknown !== undefined) {
    throw new Error(`there is no kind "${unknown}": there are ${FINDING_KINDS.join(', ')}`);
  }
  const findings = lintPolicy(config).filter(({ kind }) => !ignored.includes(kind));
  const isNote = (kind: FindingKind): boolean => NOTES.includes(kind);
  return {
    lines:
      findings.length === 0
        ? ['no rule looks like a mistake']
        : findings.map(
            ({ kind, path, text }) => `${isNote(kind) ? 'note' : 'mend'}  ${path}: ${text} (${kind})`,
          ),
    exitCode: findings.some(({ kind }) => !isNote(kind)) ? 1 : 0,
  };
}
