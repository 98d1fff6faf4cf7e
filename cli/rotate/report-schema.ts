import * as v from 'valibot';

const node = v.object({
  node: v.string(),
  holds: v.nullable(v.string()),
  problem: v.optional(v.string()),
});

const target = v.object({
  phase: v.string(),
  current: v.nullable(v.string()),
  fallback: v.optional(v.string()),
  nodes: v.array(node),
  next: v.object({
    step: v.string(),
    reason: v.optional(v.string(), 'unknown'),
    at: v.optional(v.string()),
    why: v.string(),
  }),
  problems: v.optional(v.array(v.string()), []),
});

const report = v.object({ targets: v.record(v.string(), target) });
const failure = v.object({ errorMessage: v.string() });

/** One target as `rotate` reports it. */
export type ShownTarget = v.InferOutput<typeof target>;
/** What `rotate` returns, as far as a person is shown it. */
export type ShownReport = v.InferOutput<typeof report>;

/**
 * The report in an answer of the function.
 *
 * @throws {Error} the function threw, with its message; or the answer is not a report
 */
export function parseReport(answer: unknown): ShownReport {
  const failed = v.safeParse(failure, answer);
  if (failed.success) throw new Error(failed.output.errorMessage);
  const parsed = v.safeParse(report, answer);
  if (!parsed.success)
    throw new Error('the rotate function did not answer with a report: is it another version?');
  return parsed.output;
}
