import { describe, expect, test } from 'vitest';
import type { ConfigInput } from '../../../lib/config/config.ts';
import { refusals } from '../../../infra/stack/refusals.ts';
import { contextOf, EVERY_OPTION, SCENARIOS } from './scenarios.ts';

const EVERY: ConfigInput = SCENARIOS[EVERY_OPTION];

function refused(changes: Partial<ConfigInput> = {}, stage = 'prod', region = 'eu-west-1') {
  return refusals(contextOf({ ...EVERY, ...changes }, stage), { region, params: [] });
}

test('nothing is refused of a configuration with every option', () => {
  expect(refused()).toEqual([]);
});

describe('is refused, in one line', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['a stage without an issuer', refused({ issuers: [] }), /^streampass.config.ts: issuers: the stage prod/],
    [
      'a stage without a target',
      refused({ targets: {}, grants: [], deploy: {} }),
      /^streampass.config.ts: targets: the stage prod has no target/,
    ],
    ['the stage of npm start', refused({}, 'local'), /^--stage local: is the stage of npm start/],
    ...[
      'my stage',
      'a'.repeat(33),
      '',
      'Prod',
      'proD',
      'prod-',
      '-prod',
      '1prod',
      'pr_od',
      'pröd',
      'prod\n',
    ].map((stage): [string, readonly string[], RegExp] => [
      `the stage ${JSON.stringify(stage)}`,
      refused({}, stage),
      /^--stage [^]*: must be 1 to 32 lower-case letters, digits or "-", beginning with a letter and not ending with "-"$/,
    ]),
    [
      'an origin on localhost',
      refused({ deploy: { origins: ['https://app.localhost'] } }),
      /^streampass.config.ts: deploy.origins\[0\]: https:\/\/app.localhost is on localhost/,
    ],
    [
      'a function in the VPC that there is not',
      refused({
        deploy: { vpc: { subnetIds: ['subnet-0a'], securityGroupIds: ['sg-0b'], functions: ['tokn'] } },
      }),
      /^streampass.config.ts: deploy.vpc.functions\[0\]: must be one of token, /,
    ],
    [
      'the trace of a function that gets secrets in addresses',
      refused({ deploy: { telemetry: { layers: [], environment: {}, functions: ['callbacks'] } } }),
      /^streampass.config.ts: deploy.telemetry.functions\[0\]: must be one of token, /,
    ],
    [
      'a variable for traces that the stack sets',
      refused({ deploy: { telemetry: { layers: [], environment: { STREAMPASS_STAGE: 'x' } } } }),
      /^streampass.config.ts: deploy.telemetry.environment.STREAMPASS_STAGE: must be AWS_LAMBDA_EXEC_WRAPPER or /,
    ],
    [
      'a variable for traces that holds keys',
      refused({ deploy: { telemetry: { layers: [], environment: { OTEL_EXPORTER_OTLP_HEADERS: 'x' } } } }),
      /^streampass.config.ts: deploy.telemetry.environment.OTEL_EXPORTER_OTLP_HEADERS: must be /,
    ],
  ])('%s', (_title, lines, line) => {
    expect(lines).toEqual([expect.stringMatching(line)]);
  });

  test.each(['p', 'prod-2', 'a'.repeat(32)])('the stage %s is not', (stage) => {
    expect(refused({}, stage)).toEqual([]);
  });

  test('an origin on localhost is not, in a stage that is for it', () => {
    expect(refused({ deploy: { origins: ['http://localhost:5173'], localhostStages: ['prod'] } })).toEqual(
      [],
    );
  });
});

test('what is in another region is refused, each by its path', () => {
  const reason = 'is in the region eu-west-1, and the stack in us-east-1: name one of us-east-1';
  expect(refused({}, 'prod', 'us-east-1')).toEqual(
    [
      'domain.certificateArn',
      'alarms[2]',
      'kmsKeys.secrets',
      'kmsKeys.logs',
      'kmsKeys.alarms',
      'telemetry.layers[0]',
    ].map((path) => `streampass.config.ts: deploy.${path}: ${reason}`),
  );
});
