import type { ConfigInput } from '../../../lib/config/config.ts';
import { hours, jitsi, kms, livekit, mediamtx, oidc, red5, rtcstats } from '../../../lib/config/index.ts';
import { resolveConfig } from '../../../lib/config/resolve-config.ts';
import type { StackContext } from '../../../infra/stack/context.ts';

const issuers = [oidc({ issuer: 'https://login.example.com', audience: 'streams' })];
const key = (name: string) => `arn:aws:kms:eu-west-1:111122223333:key/${name}`;

/** Configurations that a stack is generated for. */
export const SCENARIOS = {
  'the shipped three, without fleets': {
    issuers,
    targets: {
      red5: red5({ issuer: 'streampass' }),
      jitsi: jitsi({ appId: 'streampass', domain: 'meet.example.com' }),
      rtcstats: rtcstats({}),
    },
    grants: [],
  },
  'two targets of one kind': {
    issuers,
    targets: {
      live: red5({ issuer: 'streampass', fleet: { by: 'ssm', tag: { key: 'role', value: 'live' } } }),
      'vod-eu': red5({ issuer: 'streampass', fleet: { by: 'ssm', tag: { key: 'role', value: 'vod' } } }),
    },
    grants: [],
  },
  'one target alone': { issuers, targets: { rtcstats: rtcstats({}) }, grants: [] },
  'public keys alone': { issuers, targets: { cams: mediamtx({ issuer: 'streampass' }) }, grants: [] },
  'keys in KMS, beside one that is not': {
    issuers,
    targets: {
      cams: mediamtx({ issuer: 'streampass', signer: kms() }),
      meet: jitsi({
        appId: 'streampass',
        domain: 'meet.example.com',
        signing: 'RS256',
        signer: kms({ keyId: 'alias/company/meet' }),
        fleet: { by: 'files', files: ['/etc/prosody'], probe: ['https://meet.example.com'] },
      }),
      jaas: jitsi({
        appId: 'streampass',
        domain: 'meet.example.com',
        signing: 'RS256',
        jaas: { appId: 'a', keyId: 'k' },
        signer: kms(),
      }),
      calls: jitsi({
        appId: 'streampass',
        domain: 'calls.example.com',
        keyring: true,
        kick: true,
        fleet: { by: 'reported', probe: ['https://calls.example.com'] },
        signer: kms(),
      }),
      live: livekit({ signer: kms(), address: 'wss://live.example.com' }),
      red5: red5({ issuer: 'streampass' }),
    },
    grants: [],
    deploy: { kmsKeys: { secrets: key('secrets') } },
  },
  'five kinds with every option': {
    issuers,
    targets: {
      red5: red5({
        issuer: 'streampass',
        fleet: { by: 'ssm', tag: { key: 'streampass', value: 'dev-red5' } },
      }),
      jitsi: jitsi({
        appId: 'streampass',
        domain: 'meet.example.com',
        fleet: {
          by: 'ssm',
          tag: { key: 'role', value: 'meet' },
          roleArn: 'arn:aws:iam::444455556666:role/streampass-servers',
        },
      }),
      calls: jitsi({
        appId: 'streampass',
        domain: 'calls.example.com',
        keyring: true,
        kick: true,
        fleet: { by: 'reported' },
      }),
      rtcstats: rtcstats({ fleet: { by: 'reported' } }),
      livekit: livekit({ secret: 'company/livekit', address: 'wss://live.example.com' }),
      mediamtx: mediamtx({ issuer: 'streampass' }),
    },
    grants: [
      {
        target: 'red5',
        actions: ['publish'],
        rooms: ['*'],
        ttl: hours(1),
        streamKeys: { longest: hours(24) },
      },
    ],
    deploy: {
      origins: ['https://app.example.com', 'https://www.example.com'],
      allowedHeaders: ['traceparent'],
      domain: {
        name: 'tokens.example.com',
        certificateArn: 'arn:aws:acm:eu-west-1:111122223333:certificate/6a',
      },
      alarms: [
        'oncall@example.com',
        'https://events.example.com/hook',
        'arn:aws:sns:eu-west-1:111122223333:company-alarms',
      ],
      limits: { rate: 1000, burst: 2000 },
      tags: { team: 'streaming' },
      kmsKeys: { secrets: key('secrets'), logs: key('logs'), alarms: key('alarms') },
      vpc: { subnetIds: ['subnet-0a'], securityGroupIds: ['sg-0b'], functions: ['rotate', 'token'] },
      telemetry: {
        layers: ['arn:aws:lambda:eu-west-1:184161586896:layer:opentelemetry-nodejs-0_19_0:1'],
        environment: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/otel-handler' },
        functions: ['token', 'keys'],
      },
      logLevel: 'WARN',
      logRetentionDays: 30,
      provisionedConcurrency: 2,
      terminationProtection: true,
      existingSecrets: ['livekit'],
      reserveRotate: true,
      callerSecret: 'streampass/prod/callers',
      authorizer: { targets: ['red5'], cacheSeconds: 5 },
    },
  },
} as const satisfies Readonly<Record<string, ConfigInput>>;

/** The name of a configuration in `SCENARIOS`. */
export type ScenarioName = keyof typeof SCENARIOS;
export const SCENARIO_NAMES = Object.keys(SCENARIOS) as readonly ScenarioName[];
export const EVERY_OPTION: ScenarioName = 'five kinds with every option';

/** What a stack is generated from; throws if the configuration is not sound. */
export function contextOf(definition: unknown, stage = 'dev'): StackContext {
  const { config, problems } = resolveConfig(definition, { stage, env: {} });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return { config, stage, variables: {} };
}

/** The same for one of the scenarios. */
export function scenario(name: ScenarioName, stage = 'dev'): StackContext {
  return contextOf(SCENARIOS[name], stage);
}
