import { VERSION } from '../version.ts';

/**
 * Writes one JSON line to standard output, where CloudWatch Logs reads records and, if a record has the member `_aws`,
 * metrics in the embedded metric format. Past `console`, which Lambda would wrap into a record of its own. Each line says the
 * stage and the version of this code.
 */
export function writeLine(
  record: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): void {
  const rest = JSON.stringify({ ...more, stage: process.env['STREAMPASS_STAGE'], version: VERSION });
  // Two texts joined cost half of what a copy of a record with thirty members does.
  process.stdout.write(`${JSON.stringify(record).slice(0, -1)},${rest.slice(1)}\n`);
}

/**
 * What may be told of an error that is not ours: its name and where it was thrown. Not its message: parsers put what
 * they read into it.
 */
export function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const code = 'code' in error && typeof error.code === 'string' ? { error_code: error.code } : {};
  return { error: error.name, ...code, at: frames.slice(0, 5).map((frame) => frame.trim()) };
}
