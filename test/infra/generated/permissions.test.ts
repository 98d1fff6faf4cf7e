import { describe, expect, test } from 'vitest';
import { allowedPermissions } from './allowed-permissions.ts';
import { generatedTemplate } from './generated.ts';
import { permissions } from './permissions.ts';
import { EVERY_OPTION, scenario, SCENARIO_NAMES } from './scenarios.ts';
import { changed, isList, isObject, type Mutable, type Properties, type Value } from './template.ts';

describe('the permissions of a stack', () => {
  test.each(SCENARIO_NAMES)('are exactly the written ones: %s', (name) => {
    const context = scenario(name);
    expect(permissions(generatedTemplate(context))).toEqual(allowedPermissions(context));
  });

  const template = generatedTemplate(scenario(EVERY_OPTION));
  const allowed = allowedPermissions(scenario(EVERY_OPTION));

  test('are found when any statement is widened in any way', () => {
    const widenings: ((statement: Record<string, unknown>) => void)[] = [
      (statement) => (statement['Action'] = [statement['Action'], 'iam:PassRole'].flat()),
      (statement) => (statement['Action'] = '*'),
      (statement) => {
        statement['NotAction'] = statement['Action'];
        delete statement['Action'];
      },
      (statement) => (statement['Resource'] = 'arn:aws:s3:::anything'),
      (statement) => (statement['NotResource'] = 'arn:aws:s3:::anything'),
      (statement) => (statement['Condition'] = { Bool: { 'aws:SecureTransport': 'true' } }),
      (statement) => (statement['Effect'] = statement['Effect'] === 'Allow' ? 'Deny' : 'Allow'),
      (statement) => (statement['Principal'] = { AWS: '*' }),
    ];
    let widened = 0;
    for (const [name, { Type, Properties }] of Object.entries(template.Resources)) {
      if (!/^AWS::IAM::|Policy$/.test(Type)) continue;
      const count = statementsIn(Properties ?? {}).length;
      expect(count).toBeGreaterThan(0);
      for (let at = 0; at < count; at++) {
        for (const widen of widenings) {
          const wider = changed(template, ({ Resources }) => {
            widen(statementsIn(Resources[name]!.Properties as Properties)[at] as Record<string, unknown>);
          });
          const found = permissions(wider);
          // The long way only for a miss, which names it.
          if (found.length === allowed.length && found.every((line, index) => line === allowed[index])) {
            expect([name, at, widen.toString()]).toBe('found');
          }
          widened++;
        }
      }
    }
    expect(widened).toBeGreaterThan(300);
  });

  test.each<[string, (copy: Mutable) => void]>([
    [
      'a managed policy on a role',
      ({ Resources }) =>
        (Resources['TokenRole']!.Properties['ManagedPolicyArns'] = [
          'arn:aws:iam::aws:policy/AdministratorAccess',
        ]),
    ],
    [
      'a role that a node policy attaches itself to',
      ({ Resources }) => (Resources['Red5NodePolicy']!.Properties['Roles'] = ['somebody']),
    ],
    [
      'a role that anybody may take',
      ({ Resources }) =>
        (Resources['TokenRole']!.Properties['AssumeRolePolicyDocument'] = {
          Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' }],
        }),
    ],
    [
      'a policy of its own',
      ({ Resources }) => (Resources['Extra'] = { Type: 'AWS::IAM::Policy', Properties: {} }),
    ],
    [
      'a caller from anywhere',
      ({ Resources }) =>
        (Resources['Extra'] = {
          Type: 'AWS::Lambda::Permission',
          Properties: { Principal: '*', Action: 'lambda:InvokeFunction' },
        }),
    ],
  ])('are found when there is %s', (_, change) => {
    expect(permissions(changed(template, change))).not.toEqual(allowed);
  });
});

/** Every object with an `Effect`, in the order of the template. */
function statementsIn(value: Value): Properties[] {
  if (isList(value)) return value.flatMap(statementsIn);
  if (!isObject(value)) return [];
  return 'Effect' in value ? [value] : Object.values(value).flatMap(statementsIn);
}
