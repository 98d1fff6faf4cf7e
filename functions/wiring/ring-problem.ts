import { embeddedMetrics } from '../../lib/metrics.ts';
import { writeLine } from '../../lib/node/log.ts';

/**
 * Logs and counts that a secret in use cannot be read again, or that a version of it cannot be used.
 *
 * @param target the target of the secret
 */
export function writeRingProblem(target: string, problem: string): void {
  writeLine({
    ...embeddedMetrics(Date.now(), { by: [[]], units: { RingProblems: 'Count' } }),
    event: 'ring.problem',
    target,
    problem,
    RingProblems: 1,
  });
}
