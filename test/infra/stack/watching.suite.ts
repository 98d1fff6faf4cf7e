import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PackagedStack } from './package-stack.ts';
import { filesOf } from './package-stack.ts';
import { ROOT } from '../../support/project.ts';
import { asText, field, resourcesOf, type Value } from './template.ts';

/** What alarms and graphs are made of, and where the operator reads about them. */
export function describeWatching(packaged: () => PackagedStack): void {
  describe('what is watched', () => {
    const alarms = () => resourcesOf(packaged().template, 'AWS::CloudWatch::Alarm');

    test('are metrics that a function really reports', () => {
      const bundles = ['token', 'rotate']
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
        ...[...drawn.matchAll(/MetricName="(\w+)"|"streampass", "(\w+)"/g)].map(
          ([, first, second]) => first ?? second ?? '',
        ),
      ]);
      // Made by the stack itself, from the log.
      names.delete('Denials');
      expect([...names].toSorted()).toEqual([
        'AdvanceHeartbeat',
        'ColdStart',
        'ExchangeLatency',
        'NodesBehind',
        'RingAge',
        'RotationPhaseAge',
        'RotationProblem',
        'SecretAge',
        'TokensDenied',
        'TokensIssued',
      ]);
      for (const name of names) expect(bundles).toContain(name);
    });

    test('ends in an alarm that tells somebody, and that the operator finds in the docs', () => {
      const handbook = readFileSync(join(ROOT, 'docs/operate.md'), 'utf8');
      expect(alarms().length).toBeGreaterThanOrEqual(11);
      for (const { Properties } of alarms()) {
        expect(Properties?.['AlarmActions']).toEqual([{ Ref: 'AlarmTopic' }]);
        const name = asText(Properties?.['AlarmName']).replace('streampass-dev-', '');
        expect(Properties?.['AlarmDescription']).toContain(`docs/operate.md, ${name}`);
        expect(handbook).toContain(`### ${name}\n`);
      }
    });
  });
}
