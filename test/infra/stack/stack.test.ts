import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, runIn } from '../../support/project.ts';
import { allowedPermissions } from '../generated/allowed-permissions.ts';
import { permissions } from '../generated/permissions.ts';
import { accountGlobalNames, ownNames, physicalNames } from '../generated/physical-names.ts';
import { EVERY_OPTION, scenario } from '../generated/scenarios.ts';
import { ISSUER, packageStack, runPackage, type PackagedStack } from './package-stack.ts';
import { describeTemplate } from './template.suite.ts';
import { describeWatching } from './watching.suite.ts';
import { describeZips } from './zips.suite.ts';

/** Packaged once, since each takes seconds: with every option, and the fixture in two stages and two regions. */
let every: PackagedStack;
let dev: PackagedStack;
let prod: PackagedStack;
let elsewhere: PackagedStack;

beforeAll(async () => {
  const fixture = { env: { ...ISSUER, CORS_ORIGINS: 'https://app.example.com' } };
  [every, dev] = await Promise.all([
    packageStack({ configFile: join(import.meta.dirname, 'every-option.config.ts') }),
    packageStack(fixture),
  ]);
  [prod, elsewhere] = await Promise.all([
    packageStack({ ...fixture, stage: 'prod' }),
    packageStack({ ...fixture, region: 'us-east-1' }),
  ]);
}, 180_000);
afterAll(() => {
  for (const stack of [every, dev, prod, elsewhere]) rmSync(stack.folder, { recursive: true, force: true });
});

const withEveryOption = (): PackagedStack => every;
describeTemplate(withEveryOption);
describeWatching(withEveryOption);
describeZips(withEveryOption);

describe('a packaged stack', () => {
  test('gives no permission beyond the written ones and those of osls', () => {
    const functions = [
      'Token',
      'Metadata',
      'Health',
      'Keys',
      'Whip',
      'Livekit',
      'Callbacks',
      'Denials',
      'Nodes',
    ];
    const account = '{AWS::Region}:{AWS::AccountId}';
    const osls = [
      ...functions.map((name) => {
        // Calls go to the alias of an environment that is always started.
        const called =
          name === 'Token' ? 'TokenLambdaFunction.Arn}:provisioned' : `${name}LambdaFunction.Arn}`;
        return `apigateway.amazonaws.com may lambda:InvokeFunction on {${called} if SourceArn arn:{AWS::Partition}:execute-api:${account}:{HttpApi}/*`;
      }),
      ...['', '/*'].map(
        (path) =>
          `* must not s3:* on arn:{AWS::Partition}:s3:::{ServerlessDeploymentBucket}${path} if { Bool: { aws:SecureTransport: false } }`,
      ),
    ];
    expect(permissions(every.template)).toEqual(
      [...allowedPermissions(scenario(EVERY_OPTION)), ...osls].toSorted(),
    );
  });

  test('shares no name and no export with another stage', () => {
    const names = physicalNames(dev.template, 'eu-west-1');
    expect(names.length).toBeGreaterThan(70);
    const others = new Set(physicalNames(prod.template, 'eu-west-1'));
    expect(names.filter((name) => others.has(name))).toEqual([]);
    const mentioned = new Set(ownNames(prod.template));
    expect(ownNames(dev.template).filter((name) => mentioned.has(name))).toEqual([]);
  });

  test('shares no name that is unique in an account with another region', () => {
    const names = accountGlobalNames(dev.template, 'eu-west-1');
    expect(names.length).toBeGreaterThan(3);
    const others = new Set(accountGlobalNames(elsewhere.template, 'us-east-1'));
    expect(names.filter((name) => others.has(name))).toEqual([]);
  });

  test('gives each function the variables that the configuration read, and no others of whoever packages', () => {
    expect(dev.template.Resources['RotateLambdaFunction']?.Properties?.['Environment']).toEqual({
      Variables: {
        CORS_ORIGINS: 'https://app.example.com',
        OIDC_AUDIENCE: 'streams',
        OIDC_ISSUER: 'https://login.example.com',
        STREAMPASS_STAGE: 'dev',
      },
    });
  });
});

test('a built function can be called on this machine, by the command of docs/deploy.md', async () => {
  const page = readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8');
  const [, command = '', event = ''] = /^npx (osls invoke local [^']*)--data '([^']+)'$/m.exec(page) ?? [];
  const words = command.replace('\\\n', '').replace('$STAGE', 'prod').trim().split(/\s+/);
  const { code, output } = await runIn(prod.folder, [...words, '--data', event], {
    ...ISSUER,
    HOME: prod.folder,
  });
  expect(code, output).toBe(0);
  expect(JSON.parse(output)).toMatchObject({ statusCode: 200, body: expect.stringContaining('/token') });
}, 60_000);

describe('osls package', () => {
  test('refuses a stage that must not be deployed, with one line for each reason', async () => {
    const { code, output, folder } = await runPackage({
      env: { CORS_ORIGINS: 'http://localhost:3003' },
      words: ['--param', 'tokenRatee=5'],
      sources: { 'serverless.yml': 'the hash of another text' },
    });
    rmSync(folder, { recursive: true, force: true });
    expect(code).toBe(1);
    const lines = output.split('\n').filter((line) => line !== '' && !line.startsWith('Packaging '));
    expect(lines).toEqual([
      'serverless.yml was changed after the build: run npm run build first',
      expect.stringMatching(/^--param tokenRatee=5: no such parameter/),
      expect.stringMatching(/^streampass\.config\.ts: issuers: the stage dev has no issuer/),
      expect.stringMatching(/^streampass\.config\.ts: deploy\.origins\[0\]: http:\/\/localhost:3003 is on/),
    ]);
  }, 60_000);
});
