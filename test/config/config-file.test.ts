import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFunctionHost, tokenEvent } from '../support/function-host.ts';
import { copyProject, runIn } from '../support/project.ts';

/** `npm run build` and the built functions with configuration files that a user may write, good ones and bad ones. */
let project: string;

beforeAll(async () => {
  project = await copyProject('');
});
afterAll(() => rm(project, { recursive: true, force: true }));

async function build(config: string, env: Readonly<Record<string, string>> = {}) {
  await writeFile(join(project, 'streampass.config.ts'), config);
  return runIn(project, [process.execPath, 'build/build.ts'], env);
}

const IMPORTS = `import { cognito, defineConfig, hours, oidc, red5 } from './lib/config/index.ts';`;

describe('a file of this kind is one line, and exit code 1', () => {
  test.each([
    ['one that throws', `throw new Error('no such luck\\nsecond line');`, 'cannot be read: no such luck'],
    ['one that throws no error', `throw 'luck';`, 'cannot be read: luck'],
    ['one that does not compile', `export default {{;`, /cannot be read: .+/],
    ['one in TypeScript that Node does not run', `enum A { B }\nexport default A;`, /cannot be read: .+/],
    [
      'one that imports what is not there',
      `import './nowhere.ts';`,
      /cannot be read: Cannot find module '.+nowhere\.ts'/,
    ],
    [
      'one without a default export',
      `export const config = {};`,
      'the default export must be defineConfig({ … })',
    ],
    ['an empty one', ``, 'the default export must be defineConfig({ … })'],
    ['one that exports a number', `export default 5;`, 'must be an object, not a number'],
    ['one that exports null', `export default null;`, 'must be an object, not null'],
    ['one that exports a promise', `export default Promise.resolve({});`, 'must be an object, not a promise'],
    ['one with an async function', `export default async () => ({});`, 'must be an object, not a promise'],
    [
      'one whose function throws',
      `export default ({ env }) => ({ issuers: env.NOWHERE.split(',') });`,
      /^defineConfig's function throws: .+/,
    ],
  ])('%s', async (_title, config, problem) => {
    const { code, output } = await build(config);
    expect(code).toBe(1);
    expect(output).toMatch(/^streampass\.config\.ts: [^\n]+\n$/);
    const line = output.trim().replace('streampass.config.ts: ', '');
    if (typeof problem === 'string') expect(line).toBe(problem);
    else expect(line).toMatch(problem);
  });
});

test('every mistake is reported at once', async () => {
  const { code, output } = await build(`${IMPORTS}
    const env = process.env;
    export default defineConfig({
      issuers: [oidc({ issuer: 'https://id.example.test', clientId: 'web' }), cognito({ userPoolId: env.POOL, clientId: env.CLIENT })],
      targets: { red5: red5({ isuer: 'streampass' }) },
      grants: [{ target: 'liev', actions: ['publish'], rooms: ['*'], ttl: hours(1) }],
      rotatoin: {},
    });`);
  expect(code).toBe(1);
  expect(
    output
      .trim()
      .split('\n')
      .map((line) => line.split(': ').slice(0, 2).join(': '))
      .toSorted(),
  ).toEqual(
    [
      'grants[0].target',
      'issuers[0].audience',
      'issuers[0].clientId',
      'issuers[1].clientId',
      'issuers[1].userPoolId',
      'rotatoin',
      'targets.red5.issuer',
      'targets.red5.isuer',
    ].map((path) => `streampass.config.ts: ${path}`),
  );
});

test('a rule that users of every provider can match is a warning, and the build goes on', async () => {
  const { code, output } = await build(`${IMPORTS}
    export default defineConfig({
      issuers: ['a', 'b'].map((name) => oidc({ issuer: \`https://\${name}.example.test\`, audience: 'web' })),
      targets: { red5: red5({ issuer: 'streampass' }) },
      grants: [
        { issuer: 'https://a.example.test', group: 'staff', target: 'red5', actions: ['publish'], rooms: ['*'], ttl: hours(1) },
        { group: 'staff', target: 'red5', actions: ['subscribe'], rooms: ['*'], ttl: hours(1) },
      ],
    });`);
  expect(code).toBe(0);
  expect(output).toMatch(/^streampass\.config\.ts: warning: grants\[1\]: names no issuer, .+\n$/);
});

// Each builds the whole project.
describe('a function that was built with a variable and starts without it', { timeout: 60_000 }, () => {
  const config = `${IMPORTS}
    export default defineConfig(({ env }) => ({
      issuers: [cognito({ userPoolId: env.POOL, clientId: env.CLIENT })],
      targets: { red5: red5({ issuer: 'streampass' }) },
      grants: [],
    }));`;

  test('answers 503 config_invalid, and logs each mistake', async () => {
    expect(await build(config, { POOL: 'eu-west-1_abcdefghi', CLIENT: 'web' })).toEqual({
      code: 0,
      output: '',
    });
    const host = await startFunctionHost({ STREAMPASS_TEST_PROJECT: project, STREAMPASS_STAGE: 'prod' });
    const answers = [
      await host.invoke('token', tokenEvent({ audience: 'red5', subject_token: 'x' })),
      await host.invoke('health', { ...tokenEvent({}), rawPath: '/health' }),
    ];
    for (const { statusCode, body } of answers) {
      expect(statusCode).toBe(503);
      expect(JSON.parse(body)).toMatchObject({ reason: 'config_invalid' });
    }
    expect(host.output()).toContain('issuers[0].userPoolId: is undefined');
    expect(host.output()).toContain('issuers[0].clientId: is undefined');
    await host.close();
  });

  test('does so if the file throws at that', async () => {
    const throwing = `${IMPORTS}
      const pool = process.env.POOL.trim();
      export default defineConfig({ issuers: [cognito({ userPoolId: pool, clientId: 'web' })], targets: {}, grants: [] });`;
    expect(await build(throwing, { POOL: 'eu-west-1_abcdefghi' })).toEqual({ code: 0, output: '' });
    const host = await startFunctionHost({ STREAMPASS_TEST_PROJECT: project, STREAMPASS_STAGE: 'prod' });
    const { statusCode, body } = await host.invoke(
      'token',
      tokenEvent({ audience: 'red5', subject_token: 'x' }),
    );
    expect([statusCode, (JSON.parse(body) as { reason: string }).reason]).toEqual([503, 'config_invalid']);
    await host.close();
  });
});
