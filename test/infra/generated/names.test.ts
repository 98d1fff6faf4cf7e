import { describe, expect, test } from 'vitest';
import { generateStack } from '../../../infra/stack/stack.ts';
import { contextOf, EVERY_OPTION, scenario, SCENARIO_NAMES, SCENARIOS } from './scenarios.ts';
import { generatedTemplate } from './generated.ts';
import { accountGlobalNames, ownNames, physicalNames } from './physical-names.ts';
import type { Value } from './template.ts';

/** The scenario's own choice, for any number of stages. */
const NAMED_BY_CONFIGURATION = /^streampass(\/prod\/callers\b|-servers$)/;

const KMS = 'keys in KMS, beside one that is not';
const inStage = (stage: string) => generatedTemplate(scenario(EVERY_OPTION, stage));

describe('two stages in one account and region', () => {
  test('share no name and no export', () => {
    const names = physicalNames(inStage('dev'), 'eu-west-1');
    expect(names.length).toBeGreaterThan(40);
    const others = new Set(physicalNames(inStage('prod'), 'eu-west-1'));
    // What the configuration itself names is its own affair.
    expect(names.filter((name) => others.has(name))).toEqual(['tokens.example.com']);
  });

  test.each(SCENARIO_NAMES)('share nothing that has a name, of whatever kind, with %s', (name) => {
    const names = (stage: string) => ownNames(generateStack(scenario(name, stage)));
    expect(names('dev').length).toBeGreaterThan(30);
    const others = new Set(names('prod'));
    const shared = names('dev').filter((one) => others.has(one) && !NAMED_BY_CONFIGURATION.test(one));
    expect(shared).toEqual([]);
  });

  test.each([
    ['the secret of stream keys', 'streampass/dev/stream-keys'],
    ['a saved query', 'streampass/dev/who'],
    ['a table', 'streampass-dev-nodes'],
    ['a policy of servers', 'streampass-dev-${AWS::Region}-red5-node'],
    ['a function and its log group', 'streampass-dev-rotate'],
    ['a command for servers', 'streampass-dev-secret'],
  ])('%s is among these', (_, own) => {
    expect(ownNames(generateStack(scenario(EVERY_OPTION)))).toContain(own);
  });

  test('share no metric', () => {
    const metrics = (stage: string) => metricsIn(inStage(stage).Resources as unknown as Value);
    const own = metrics('dev').filter((metric) => metric.includes('"streampass"'));
    expect(own.length).toBeGreaterThan(10);
    const others = new Set(metrics('prod'));
    expect(own.filter((metric) => others.has(metric))).toEqual([]);
  });

  test('share no key of KMS, but for an alias that the configuration names', () => {
    const aliases = (stage: string) => [
      ...new Set(JSON.stringify(generatedTemplate(scenario(KMS, stage))).match(/alias\/[\w/-]+/g)),
    ];
    expect(aliases('dev').toSorted()).toEqual([
      'alias/company/meet/',
      'alias/streampass/dev/calls/',
      'alias/streampass/dev/cams/',
      'alias/streampass/dev/jaas/',
      'alias/streampass/dev/live/',
    ]);
    const others = new Set(aliases('prod'));
    expect(aliases('dev').filter((alias) => others.has(alias))).toEqual(['alias/company/meet/']);
  });

  test('share no table, and no variable that names something of the stack', () => {
    const variables = (stage: string) =>
      Object.values(generateStack(scenario(EVERY_OPTION, stage)).functions).flatMap((one) =>
        Object.entries((one as { environment: Record<string, string> }).environment),
      );
    const named = variables('dev').filter(([name]) => /TABLE|STAGE/.test(name));
    expect(named.length).toBeGreaterThan(5);
    for (const [, value] of named) expect(value).toContain('dev');
  });
});

describe('two regions in one account', () => {
  test.each(SCENARIO_NAMES)('share no name that is unique in an account, with %s', (name) => {
    const template = generatedTemplate(scenario(name));
    const others = new Set(accountGlobalNames(template, 'us-east-1'));
    expect(accountGlobalNames(template, 'eu-west-1').filter((one) => others.has(one))).toEqual([]);
  });

  test('have the region in names that are unique in an account', () => {
    const names = accountGlobalNames(inStage('dev'), 'eu-west-1');
    expect(names).toContain('streampass-dev-eu-west-1-red5-node');
    expect(names).toContain('streampass-dev-eu-west-1');
  });
});

/** The longest names that AWS takes (their API references), by type. */
const LONGEST: Readonly<Record<string, number>> = {
  'AWS::CloudWatch::Alarm': 255,
  'AWS::CloudWatch::Dashboard': 255,
  'AWS::CloudWatch::InsightRule': 128,
  'AWS::DynamoDB::Table': 255,
  'AWS::Events::Rule': 64,
  'AWS::IAM::ManagedPolicy': 128,
  'AWS::IAM::Role': 64,
  'AWS::Logs::QueryDefinition': 255,
  'AWS::SSM::Document': 128,
  'AWS::SecretsManager::Secret': 512,
};

test('the names of the longest stage, target and region are short enough', () => {
  const target = SCENARIOS['two targets of one kind'].targets.live;
  const definition = { ...SCENARIOS['two targets of one kind'], targets: { ['t'.repeat(64)]: target } };
  const { Resources } = generatedTemplate(contextOf(definition, 's'.repeat(32)));
  const named = Object.values(Resources).flatMap(({ Type, Properties = {} }) =>
    physicalNames({ Resources: { One: { Type, Properties } } }, 'ap-northeast-1').map(
      (name) => [Type, name] as const,
    ),
  );
  expect(named.length).toBeGreaterThan(30);
  for (const [type, name] of named) expect([name, name.length <= (LONGEST[type] ?? 0)]).toEqual([name, true]);
});

/** Every metric that alarms, graphs and filters name, as one line. */
function metricsIn(value: Value): string[] {
  if (Array.isArray(value)) return value.flatMap(metricsIn);
  if (typeof value !== 'object' || value === null) return [];
  const one = value as Readonly<Record<string, Value>>;
  const { Namespace, MetricName, Dimensions } = one;
  return [
    ...(MetricName === undefined || Namespace === undefined
      ? []
      : [JSON.stringify([Namespace, MetricName, Dimensions ?? []])]),
    ...Object.values(one).flatMap(metricsIn),
  ];
}
