import { describe, expect, test } from 'vitest';
import { ALLOWED_PERMISSIONS } from './allowed-permissions.ts';
import type { PackagedStack } from './package-stack.ts';
import { permissions } from './permissions.ts';
import { changed, isList, isObject, type Mutable, type Properties, type Value } from './template.ts';

/** Who may do what, against the written list. */
export function describePermissions(packaged: () => PackagedStack): void {
  describe('the permissions', () => {
    test('are exactly the written ones', () => {
      expect(permissions(packaged().template)).toEqual(ALLOWED_PERMISSIONS);
    });

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
      for (const [name, { Type }] of Object.entries(packaged().template.Resources)) {
        if (!/^AWS::IAM::|Policy$/.test(Type)) continue;
        const count = statementsIn(packaged().template.Resources[name]?.Properties ?? {}).length;
        expect(count).toBeGreaterThan(0);
        for (let at = 0; at < count; at++) {
          for (const widen of widenings) {
            const wider = changed(packaged().template, ({ Resources }) => {
              widen(statementsIn(Resources[name]!.Properties as Properties)[at] as Record<string, unknown>);
            });
            expect([name, at, widen.toString(), permissions(wider)]).not.toEqual([
              name,
              at,
              widen.toString(),
              ALLOWED_PERMISSIONS,
            ]);
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
        ({ Resources }) => delete Resources['TokenLambdaPermissionHttpApi']!.Properties['SourceArn'],
      ],
    ])('are found when there is %s', (_, change) => {
      expect(permissions(changed(packaged().template, change))).not.toEqual(ALLOWED_PERMISSIONS);
    });
  });
}

/** Every object with an `Effect`, in the order of the template. */
function statementsIn(value: Value): Properties[] {
  if (isList(value)) return value.flatMap(statementsIn);
  if (!isObject(value)) return [];
  return 'Effect' in value ? [value] : Object.values(value).flatMap(statementsIn);
}
