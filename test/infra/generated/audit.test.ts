import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { QUERIES } from '../../../infra/stack/audit.ts';
import { neededFunctions } from '../../../infra/stack/functions.ts';
import { generated } from './generated.ts';
import { contextOf, SCENARIOS } from './scenarios.ts';
import { field } from './template.ts';

const handbook = readFileSync(join(import.meta.dirname, '../../../docs/operate.md'), 'utf8');

describe.each(Object.entries(SCENARIOS))('with %s', (_scenario, definition) => {
  const context = contextOf(definition);
  const groups = new Set(
    neededFunctions(context).map(([name]) => `${name.charAt(0).toUpperCase()}${name.slice(1)}LogGroup`),
  );

  test('each saved query reads logs, and only of functions that there are', () => {
    for (const { Properties } of Object.values(generated(context, 'AWS::Logs::QueryDefinition'))) {
      const read = Properties?.['LogGroupNames'] as unknown as readonly { Ref: string }[];
      expect(read.length).toBeGreaterThan(0);
      for (const { Ref } of read) expect(groups).toContain(Ref);
    }
  });

  test('each rule on who is denied most reads logs, and only of functions that there are', () => {
    for (const { Properties } of Object.values(generated(context, 'AWS::CloudWatch::InsightRule'))) {
      const text = String(field(Properties?.['RuleBody'], 'Fn::Sub'));
      const { LogGroupNames } = JSON.parse(text) as { LogGroupNames: readonly string[] };
      expect(LogGroupNames.length).toBeGreaterThan(0);
      for (const name of LogGroupNames) expect(groups).toContain(name.slice(2, -1));
    }
  });
});

test('docs/operate.md lists every saved query', () => {
  const section = handbook.slice(handbook.indexOf('\nSaved queries'), handbook.indexOf('\n## What it costs'));
  const listed = [...section.matchAll(/^\| ([a-z][^|]+?) +\| /gm)].map(([, name]) => name);
  expect(listed.filter((name) => name !== 'query')).toEqual(Object.values(QUERIES).map(({ name }) => name));
});

test('a query names only events that docs/operate.md describes', () => {
  const queries = Object.values(QUERIES).flatMap(({ lines }) => lines.join('\n'));
  const named = queries.flatMap((text) =>
    [...text.matchAll(/"([a-z]+\.[a-z]+)"/g)].map(([, event]) => event),
  );
  expect(named.length).toBeGreaterThan(5);
  for (const event of named.filter((one) => !/^(rotation|platform)[.]/.test(one ?? ''))) {
    expect(handbook.includes(`\`${event}\``), event).toBe(true);
  }
});
