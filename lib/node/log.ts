import { textOf } from '../metrics.ts';
import type { Line } from '../metrics.ts';
import { VERSION } from '../version.ts';

/**
 * Writes one JSON line to standard output, where CloudWatch Logs reads records and, if a record has the member `_aws`,
 * metrics in the embedded metric format. It does not use `console`, because Lambda would wrap the line into a record of its
 * own. Each line holds the stage and the version of this code.
 */
export function writeLine(line: Line, more: Readonly<Record<string, unknown>> = {}): void {
  const rest = { ...more, stage: process.env['STREAMPASS_STAGE'], version: VERSION };
  process.stdout.write(`${textOf(line, rest)}\n`);
}

/**
 * What may be logged of an error that is not ours: its name, its code and where it was thrown. Its message is left out, because
 * parsers put what they read into it.
 */
export function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const code = 'code' in error && typeof error.code === 'string' ? { error_code: error.code } : {};
  return { error: error.name, ...code, at: frames.slice(0, 5).map((frame) => frame.trim()) };
}
