import { describe, expect, test } from 'vitest';
import type { PackagedStack } from './package-stack.ts';
import { filesOf } from './package-stack.ts';
import { field, resourcesOf, type Value } from '../generated/template.ts';

/** What alarms and graphs are made of, and where the operator reads about them. */
export function describeWatching(packaged: () => PackagedStack): void {
  describe('what is watched', () => {
    const alarms = () => resourcesOf(packaged().template, 'AWS::CloudWatch::Alarm');

    test('are metrics that a function really reports', () => {
      const bundles = ['token', 'rotate', 'callbacks']
        .map((name) => [...filesOf(packaged(), name).values()].join(''))
        .join('');
      const alarmed = alarms().flatMap(({ Properties }) => [
        Properties,
        ...((Properties?.['Metrics'] ?? []) as readonly Value[]).map((one) =>
          field(field(one, 'MetricStat'), 'Metric'),
        ),
      ]);
      const drawn = JSON.stringify(resourcesOf(packaged().template, 'AWS::CloudWatch::Dashboard')).replaceAll(
        '\\',
        '',
      );
      const names = new Set([
        ...alarmed
          .filter((one) => field(one, 'Namespace') === 'streampass')
          .map((one) => String(field(one, 'MetricName'))),
        ...[...drawn.matchAll(/MetricName="(\w+)"|"streampass","(\w+)"/g)].map(
          ([, first, second]) => first ?? second ?? '',
        ),
      ]);
      // Counted by the stack itself, from the log.
      names.delete('ThrottledRequests');
      expect([...names].toSorted()).toEqual([
        'AdvanceHeartbeat',
        'CallbacksAllowed',
        'CallbacksUnavailable',
        'ColdStart',
        'ExchangeLatency',
        'HoldersDenied',
        'NodesBehind',
        'RingAge',
        'RingProblems',
        'RotationOverdue',
        'RotationPhaseAge',
        'RotationProblem',
        'SecretAge',
        'TokensDenied',
        'TokensIssued',
        'UsersDenied',
      ]);
      for (const name of names) expect(bundles).toContain(name);
    });
  });
}
