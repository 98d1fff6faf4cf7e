import { expect, test } from 'vitest';
import { recordedEnv } from '../../../infra/stack/recorded-env.ts';

test('what was read and has a value is remembered, in one order', () => {
  const { env, read } = recordedEnv({ OIDC_ISSUER: 'i', EMPTY: '', API: 'a', NOT_READ: 'x' });
  void [env['OIDC_ISSUER'], env['EMPTY'], env['UNSET'], env['API'], env['API']];
  expect(Object.entries(read())).toEqual([
    ['API', 'a'],
    ['OIDC_ISSUER', 'i'],
  ]);
});

test.each(['AWS_SECRET_ACCESS_KEY', 'AWS_REGION', 'LAMBDA_TASK_ROOT', '_HANDLER'])(
  '%s may be read, and reaches no function',
  (name) => {
    const { env, read } = recordedEnv({ [name]: 'x' });
    expect(env[name]).toBe('x');
    expect(read()).toEqual({});
  },
);

test.each([
  ['spread', (env: object) => ({ ...env })],
  ['listed', (env: object) => Object.keys(env)],
  ['turned into JSON', (env: object) => JSON.stringify(env)],
])('an environment that is %s says what to do instead', (_title, use) => {
  const line = 'read the variables of `env` one by one, such as env.OIDC_ISSUER';
  expect(() => use(recordedEnv({ SECRET: 's' }).env)).toThrow(line);
});
