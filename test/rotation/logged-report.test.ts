import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loggedProblems, loggedReport, type TargetReport } from '../../lib/rotation/report.ts';

const CURRENT = 'c'.repeat(32);
const reportOf = (nodes: TargetReport['nodes']): TargetReport => ({
  phase: 'steady',
  current: CURRENT,
  nodes,
  next: { step: 'observe', reason: 'unreachable', why: '' },
});
const bytesOf = (line: unknown): number => Buffer.byteLength(JSON.stringify(line));

test('the line of a small fleet names each server, in the order of the report', () => {
  const nodes = [
    { node: 'b', holds: CURRENT },
    { node: 'a', holds: null, problem: 'did not answer' },
  ];
  expect(loggedReport(reportOf(nodes))).toEqual({ ...reportOf(nodes), nodes_in_all: 2 });
});

test('the line of 10,000 servers names those with a problem, then those that are behind', () => {
  const nodes = Array.from({ length: 10_000 }, (_, at) => ({
    node: `i-${at}`,
    holds: at === 9_998 ? 'p'.repeat(32) : CURRENT,
    ...(at === 9_999 && { problem: 'did not answer' }),
  }));
  const { nodes: named, nodes_in_all } = loggedReport(reportOf(nodes));
  expect(named.slice(0, 3).map(({ node }) => node)).toEqual(['i-9999', 'i-9998', 'i-0']);
  expect(nodes_in_all).toBe(10_000);
});

test('no line is too long for CloudWatch Logs, whatever servers say', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 300 });
  const node = fc.record({ node: text, holds: fc.constant(null), problem: text });
  fc.assert(
    fc.property(fc.array(node, { maxLength: 20 }), fc.integer({ min: 1, max: 1000 }), (some, times) => {
      const nodes = Array.from({ length: times }, () => some).flat();
      expect(bytesOf(loggedReport(reportOf(nodes)))).toBeLessThan(128 * 1024);
      const problems = nodes.map(({ problem }) => problem);
      const logged = loggedProblems(problems);
      expect(bytesOf(logged)).toBeLessThan(128 * 1024);
      const more = Number(/^\d+(?= more: )/.exec(logged.at(-1) ?? '')?.[0] ?? 0);
      expect(logged.length < problems.length ? logged.length - 1 + more : logged.length).toBe(
        problems.length,
      );
    }),
    { numRuns: 50 },
  );
});
