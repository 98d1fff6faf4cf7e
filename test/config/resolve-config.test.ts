import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { formatProblem, resolveConfig } from '../../lib/config/resolve-config.ts';
import {
  auth0,
  cognito,
  defineConfig,
  entra,
  fleetFromEnv,
  jitsi,
  keycloak,
  oidc,
  okta,
  red5,
  reported,
  rtcstats,
} from '../../lib/config/index.ts';
import type { ConfigInput } from '../../lib/config/config.ts';
import type { Rule } from '../../lib/policy/rule.ts';
import { problemsOf } from '../support/config.ts';
import fixture from '../support/streampass.config.ts';

const app = { issuer: 'https://id.example.com', audience: 'app' };
const sound: ConfigInput = {
  issuers: [oidc(app)],
  targets: {
    live: red5({ secret: 'streampass/red5', issuer: 'streampass' }),
    meet: jitsi({ secret: 'streampass/jitsi', appId: 'streampass', domain: 'meet.example.com' }),
  },
  grants: [{ target: 'live', actions: ['publish'], rooms: ['*'], ttl: 3600 }],
};
const rule = (changes: Partial<Rule>): ConfigInput => ({
  ...sound,
  grants: [{ ...(sound.grants[0] as Rule), ...changes }],
});
const target = (name: string, made: ConfigInput['targets'][string]): ConfigInput => ({
  ...sound,
  targets: { ...sound.targets, [name]: made },
});
const paths = (input: unknown): string[] => problemsOf(input).map(({ path }) => path);

describe('a configuration without a mistake', () => {
  test.each([
    ['the fixture', fixture],
    ['a small one', defineConfig(sound)],
    ['one without an issuer, as at build', defineConfig({ ...sound, issuers: [] })],
    [
      'one with a rule for services, one of whose providers names some',
      {
        ...rule({ subject: 'service' }),
        issuers: [
          okta({ domain: 'example.okta.com', clientId: 'c' }),
          oidc({ ...app, services: { clientId: 'recorder', audience: 'api' } }),
        ],
      },
    ],
  ])('%s has no problem', (_, checked) => {
    expect(problemsOf(checked)).toEqual([]);
  });
});

describe('each mistake is one line that names its path', () => {
  test.each([
    ['a target that is not there', rule({ target: 'liev' }), 'grants[0].target'],
    ['a target by an inherited name', rule({ target: 'constructor' }), 'grants[0].target'],
    ['an action that the target lacks', rule({ actions: ['publish', 'join'] }), 'grants[0].actions[1]'],
    ['no action', rule({ actions: [] }), 'grants[0].actions'],
    ['no room', rule({ rooms: [] }), 'grants[0].rooms'],
    ['a room with a comma', rule({ rooms: ['a,b'] }), 'grants[0].rooms[0]'],
    ['a star in the middle', rule({ rooms: ['a*b'] }), 'grants[0].rooms[0]'],
    ['an open template', rule({ rooms: ['${tenant'] }), 'grants[0].rooms[0]'],
    ['an unknown transport', rule({ transports: ['SRT' as 'WHIP'] }), 'grants[0].transports[0]'],
    ['no transport', rule({ transports: [] }), 'grants[0].transports'],
    [
      'transports where there are none',
      rule({ target: 'meet', actions: ['join'], transports: ['WHIP'] }),
      'grants[0].transports',
    ],
    ['a lifetime in the wrong unit', rule({ ttl: 1.5 }), 'grants[0].ttl'],
    ['a lifetime below a minute', rule({ ttl: 59 }), 'grants[0].ttl'],
    ['an empty group', rule({ group: '' }), 'grants[0].group'],
    ['another subject', rule({ subject: 'user' as 'service' }), 'grants[0].subject'],
    ['a rule for services of a provider that names none', rule({ subject: 'service' }), 'grants[0].subject'],
    [
      'services without an audience',
      { ...sound, issuers: [oidc({ ...app, services: { clientId: 'a' } as never })] },
      'issuers[0].services.audience',
    ],
    [
      'services without a client',
      { ...sound, issuers: [oidc({ ...app, services: { clientId: [], audience: 'a' } })] },
      'issuers[0].services.clientId',
    ],
    [
      'services of Cognito with an audience, which its tokens do not have',
      {
        ...sound,
        issuers: [
          cognito({
            userPoolId: 'eu-west-1_AbCdEfGhI',
            clientId: 'c',
            services: { clientId: 'a', audience: 'a' } as { clientId: string },
          }),
        ],
      },
      'issuers[0].services.audience',
    ],
    ['a group that is not set', rule({ group: undefined as unknown as string }), 'grants[0].group'],
    ['a condition under a wrong name', rule({ groups: 'admins' } as Partial<Rule>), 'grants[0].groups'],
    ['rooms that are not a list', rule({ rooms: '*' as unknown as string[] }), 'grants[0].rooms'],
    ['a room that is a number', rule({ rooms: [5 as unknown as string] }), 'grants[0].rooms[0]'],
    ['actions without a value', rule({ actions: undefined as unknown as string[] }), 'grants[0].actions'],
    [
      'transports that are not a list',
      rule({ transports: 'WHIP' as unknown as ['WHIP'] }),
      'grants[0].transports',
    ],
    ['a lifetime in words', rule({ ttl: '1h' as unknown as number }), 'grants[0].ttl'],
    ['a claim that is an object', rule({ claims: { a: {} as unknown as string } }), 'grants[0].claims.a'],
    [
      'a condition that is not a function',
      rule({ when: true as unknown as () => boolean }),
      'grants[0].when',
    ],
    ['a rule that is none', { ...sound, grants: [null as unknown as Rule] }, 'grants[0]'],
    ['a rule without a target', { ...sound, grants: [{} as Rule] }, 'grants[0].target'],
    ['rules that are not a list', { ...sound, grants: undefined as unknown as Rule[] }, 'grants'],
    ['an issuer that is not configured', rule({ issuer: 'https://other.example' }), 'grants[0].issuer'],
    [
      'one secret for two targets',
      target('stats', rtcstats({ secret: 'streampass/red5' })),
      'targets.stats.secret',
    ],
    ['an empty secret name', target('stats', rtcstats({ secret: '' })), 'targets.stats.secret'],
    [
      'a target whose name differs from another one in case alone',
      target('Live', red5({ secret: 's', issuer: 'i' })),
      'targets.Live',
    ],
    [
      'targets whose resources would have one logical id',
      {
        ...sound,
        targets: {
          ...sound.targets,
          'eu-live': rtcstats({ secret: 's' }),
          euDashLive: rtcstats({ secret: 't' }),
        },
      },
      'targets.euDashLive',
    ],
    [
      'a target with the name of the stream keys’ secret, spelt otherwise',
      target('Stream-Keys', rtcstats({ secret: 's' })),
      'targets.Stream-Keys',
    ],
    ['a name that every object has', target('constructor', rtcstats({ secret: 's' })), 'targets.constructor'],
    ['a target name with a space', target('my stats', rtcstats({ secret: 's' })), 'targets.my stats'],
    [
      'a token longer than the server takes',
      target('live', red5({ secret: 'a', issuer: 'i', longestToken: 3600 })),
      'targets.live.longestToken',
    ],
    [
      'a short pairwise salt',
      target('stats', rtcstats({ secret: 's', subject: { pairwiseSalt: 'x' } })),
      'targets.stats.subject.pairwiseSalt',
    ],
    [
      'a domain with a blank',
      target('meet', jitsi({ secret: 's', appId: 'a', domain: 'a b' })),
      'targets.meet.domain',
    ],
    [
      'a fleet of no files',
      target('stats', rtcstats({ secret: 's', fleet: { by: 'files', files: [] } })),
      'targets.stats.fleet.files',
    ],
    [
      'a tag without a value',
      target(
        'stats',
        rtcstats({ secret: 's', fleet: { by: 'ssm', tag: { key: 'a', value: '' }, document: 'd' } }),
      ),
      'targets.stats.fleet.tag.value',
    ],
    [
      'http beyond loopback',
      { ...sound, issuers: [oidc({ issuer: 'http://id.example.com', audience: 'a' })] },
      'issuers[0].issuer',
    ],
    [
      'an issuer with a query',
      { ...sound, issuers: [oidc({ issuer: 'https://id.example.com/?a', audience: 'a' })] },
      'issuers[0].issuer',
    ],
    [
      'an issuer without an audience',
      { ...sound, issuers: [oidc({ issuer: 'https://id.example.com', audience: '' })] },
      'issuers[0].audience',
    ],
    [
      'a user pool id that is none',
      { ...sound, issuers: [cognito({ userPoolId: 'pool', clientId: 'c' })] },
      'issuers[0].userPoolId',
    ],
    [
      'an issuer twice, spelt in two ways',
      { ...sound, issuers: [...sound.issuers, oidc({ ...app, issuer: 'https://ID.example.com/' })] },
      'issuers[1].issuer',
    ],
    ['an issuer twice', { ...sound, issuers: [...sound.issuers, ...sound.issuers] }, 'issuers[1].issuer'],
    ['an overlap below the age of a ring', { ...sound, timing: { overlap: 500 } }, 'timing.overlap'],
  ] satisfies [string, ConfigInput, string][])('%s', (_, input, path) => {
    expect(paths(input)).toContain(path);
  });
});

test('all mistakes are told at once', () => {
  const input = { ...rule({ ttl: 0, rooms: [], actions: ['fly'] }), timing: { overlap: 1 } };
  expect(paths(input).length).toBeGreaterThanOrEqual(4);
});

test('a line says where the mistake is and what would be right', () => {
  const [problem] = problemsOf(rule({ target: 'liev' }));
  expect(problem && formatProblem(problem)).toBe(
    'streampass.config.ts: grants[0].target: no target is called "liev"',
  );
});

describe('servers from the environment', () => {
  test.each([
    ['none', {}, undefined],
    [
      'files',
      { RED5_SERVER_FILES: '/a:/b', RED5_SERVER_RELOAD: 'reload {file}' },
      { by: 'files', files: ['/a', '/b'], reload: 'reload {file}' },
    ],
    [
      'instances by tag',
      { RED5_SERVER_TAG: 'role=red5=live' },
      { by: 'ssm', tag: { key: 'role', value: 'red5=live' } },
    ],
    [
      'addresses to probe',
      { RED5_SERVER_FILES: '/a', RED5_SERVER_PROBE: 'http://a  http://b' },
      { by: 'files', files: ['/a'], probe: ['http://a', 'http://b'] },
    ],
    ['an empty variable', { RED5_SERVER_FILES: '' }, undefined],
  ])('%s', (_, env, fleet) => {
    expect(fleetFromEnv('RED5', env)).toEqual(fleet);
  });
});

/** As a file without types says it. */
const untyped = (made: (options: never) => unknown, options: unknown): unknown => made(options as never);
const whole = (changes: object): unknown => ({ ...sound, ...changes });
const withIssuer = (issuer: unknown): unknown => whole({ issuers: [issuer] });
const withTarget = (made: unknown): unknown => whole({ targets: { red5: made }, grants: [] });

describe('what a file without types may say', () => {
  const provider = { issuer: 'https://id.example.com', audience: 'app' };
  const tenant = { tenantId: '00000000-0000-4000-8000-000000000000', clientId: 'app' };
  test.each([
    [
      'an option of another preset',
      withIssuer(untyped(oidc, { issuer: provider.issuer, clientId: 'web' })),
      'issuers[0].audience',
    ],
    [
      'variables that are not set',
      withIssuer(untyped(cognito, { userPoolId: undefined, clientId: undefined })),
      'issuers[0].userPoolId',
    ],
    [
      'a client id that is missing',
      withIssuer(untyped(okta, { domain: 'acme.okta.com' })),
      'issuers[0].clientId',
    ],
    ['no issuers', { targets: {}, grants: [] }, 'issuers'],
    [
      'an unknown option',
      withIssuer(untyped(entra, { ...tenant, groupsClaim: 'roles' })),
      'issuers[0].groupsClaim',
    ],
    [
      'a misspelt option',
      withIssuer(untyped(oidc, { ...provider, groupClaim: 'roles' })),
      'issuers[0].groupClaim',
    ],
    [
      'an option that the preset makes itself',
      withIssuer(untyped(okta, { domain: 'acme.okta.com', clientId: 'a', issuer: 'https://x.example' })),
      'issuers[0].issuer',
    ],
    [
      'a discovery document as issuer',
      withIssuer(oidc({ ...provider, issuer: 'https://id.example.com/.well-known/openid-configuration' })),
      'issuers[0].issuer',
    ],
    [
      'an authority with a tenant',
      withIssuer(entra({ ...tenant, authority: 'https://login.microsoftonline.com/TENANT/v2.0' })),
      'issuers[0].authority',
    ],
    ['a preset without options', withIssuer(untyped(oidc, undefined)), 'issuers[0]'],
    ['an issuer that no preset made', withIssuer('https://id.example.com'), 'issuers[0]'],
    ['a target without its option', withTarget(untyped(red5, {})), 'targets.red5.issuer'],
    ['a target that is none', withTarget({ issuer: 'x' }), 'targets.red5'],
    [
      'a fleet of no known kind',
      withTarget(untyped(red5, { issuer: 'i', fleet: { by: 'ssh' } })),
      'targets.red5.fleet.by',
    ],
    [
      'a misspelt option of a fleet',
      withTarget(untyped(red5, { issuer: 'i', fleet: { by: 'files', files: ['/a'], relod: 'x' } })),
      'targets.red5.fleet.relod',
    ],
    [
      'a file twice',
      withTarget(red5({ issuer: 'i', fleet: { by: 'files', files: ['/a', '/a'] } })),
      'targets.red5.fleet.files',
    ],
    ['an unknown member', whole({ grant: [] }), 'grant'],
    ['a clock of an unknown name', whole({ timing: { clockSkw: 1 } }), 'timing.clockSkw'],
    ['nothing', undefined, ''],
    ['a string', 'red5', ''],
    ['a function that throws', () => untyped(oidc, JSON.parse('{')), ''],
    ['a function that gives nothing', () => undefined, ''],
  ])('%s', (_title, definition, path) => {
    expect(problemsOf(definition).map((problem) => problem.path)).toContain(path);
  });

  test('each line says what would be right', () => {
    const lines = problemsOf({
      issuers: [untyped(oidc, { isuer: 'https://id.example.com', audience: undefined })],
      targets: { live: untyped(red5, { issuer: 5 }) },
      grants: [{ target: 'live', rooms: '*', actions: ['publish'], ttl: 3600 }],
    }).map((problem) => formatProblem(problem));
    expect(lines).toEqual([
      'streampass.config.ts: issuers[0].issuer: is missing',
      'streampass.config.ts: issuers[0].audience: is undefined: leave it out, or set the environment variable that it comes from',
      'streampass.config.ts: issuers[0].isuer: is not a known option; did you mean "issuer"?',
      'streampass.config.ts: targets.live.issuer: must be a string, not a number',
      'streampass.config.ts: grants[0].rooms: must be an array, not a string',
    ]);
  });

  test.each<[string, object]>([
    ['deploy', { deploy: [] }],
    ['deploy.limits', { deploy: { limits: [] } }],
    ['deploy.tags', { deploy: { tags: ['team'] } }],
    ['timing', { timing: [] }],
    ['targets', { targets: [] }],
    [
      'grants[0].claims',
      { grants: [{ target: 'live', rooms: ['*'], actions: ['publish'], ttl: 60, claims: [] }] },
    ],
  ])('an array is not an object: %s', (path, part) => {
    expect(paths(whole(part))).toContain(path);
  });

  test.each<[string, object]>([
    ['deploy', { deploy: new Map([['origins', []]]) }],
    ['timing', { timing: new Date(0) }],
    ['targets', { targets: new Map(Object.entries(sound.targets)) }],
    ['deploy.tags', { deploy: { tags: new Set(['team']) } }],
    ['grants[0].claims', untyped(rule as never, { claims: new Map([['email_verified', true]]) }) as object],
    ['grants[0].claims', rule({ claims: {} })],
    ['deploy.authorizer.targets', { deploy: { authorizer: { targets: [] } } }],
  ])('nothing that would be read as no condition or as no option: %s', (path, part) => {
    expect(paths(whole(part))).toContain(path);
  });

  test.each<[string, unknown]>([
    [
      'issuers[0].domain',
      withIssuer(auth0({ domain: `${process.env['NOT_SET']}.auth0.com`, clientId: 'c' })),
    ],
    ['issuers[0].issuer', withIssuer(oidc({ ...app, issuer: `https://${process.env['NOT_SET']}` }))],
    ['issuers[0].audience[1]', withIssuer(oidc({ ...app, audience: ['web', `${process.env['NOT_SET']}`] }))],
    ['targets.red5.secret', withTarget(red5({ issuer: 's', secret: `${process.env['NOT_SET']}/red5` }))],
    ['deploy.origins[0]', whole({ deploy: { origins: [`https://${process.env['NOT_SET']}.example.com`] } })],
    ['grants[0].claims.tenant', rule({ claims: { tenant: `${process.env['NOT_SET']}` } })],
  ])('no text is made of a variable that is not set: %s', (path, input) => {
    expect(problemsOf(input)).toEqual([
      { path, problem: 'contains "undefined": set the environment variable that it is made of' },
    ]);
  });

  test.each<[string, unknown]>([
    ['issuers[0].audience', withIssuer(oidc({ ...app, audience: 'web\n' }))],
    ['issuers[0].issuer', withIssuer(oidc({ ...app, issuer: 'https://id.example.com\n' }))],
    [
      'issuers[0].jwksUri',
      withIssuer(oidc({ ...app, jwksUri: `${app.issuer}/.well-known/openid-configuration` })),
    ],
    [
      'issuers[0].url',
      withIssuer(keycloak({ url: 'https://id.example.com/realms/a', realm: 'a', clientId: 'c' })),
    ],
    ['deploy.origins[0]', whole({ deploy: { origins: ['https://*'] } })],
    ['deploy.tags.team', whole({ deploy: { tags: { team: 'a<b>' } } })],
    [
      'deploy.tags',
      whole({ deploy: { tags: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`t${n}`, 'x'])) } }),
    ],
    [
      'targets.red5.fleet.probe[0]',
      withTarget(red5({ issuer: 's', fleet: reported({ probe: ['red5.example.com'] }) })),
    ],
    ['targets.red5.domain', withTarget(jitsi({ appId: 's', domain: 'https://meet.example.com' }))],
    ['deploy.origins[0]', whole({ deploy: { origins: ['https://*.example.com'] } })],
    ['deploy.publicUrl', whole({ deploy: { publicUrl: 'https://user:secret@api.example.com' } })],
  ])(
    'no text that nothing could match or reach, that AWS refuses, or that could be guessed: %s',
    (path, input) => {
      expect(paths(input)).toEqual([path]);
    },
  );

  test('any value is either sound or has a line for each mistake, and never throws', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (issuer, options) => {
        for (const definition of [
          issuer,
          whole({ issuers: [issuer] }),
          whole({ grants: [issuer, options] }),
        ]) {
          expect(Array.isArray(problemsOf(definition))).toBe(true);
        }
        for (const made of [oidc, cognito, okta, entra, red5, jitsi, rtcstats]) untyped(made, options);
      }),
    );
  });
});

test('a configuration may depend on stage and environment, and its secrets hold the stage', () => {
  const definition = defineConfig(({ stage, env }) => ({
    issuers: [],
    targets: {
      live: red5({ issuer: `${stage} ${env['NAME']}`.replace(' ', '-') }),
      stats: rtcstats({ secret: 'own' }),
    },
    grants: [],
  }));
  const { config } = resolveConfig(definition, { stage: 'prod', env: { NAME: 'acme' } });
  expect(config.targets['live']).toMatchObject({ issuer: 'prod-acme', secret: 'streampass/prod/live' });
  expect(config.targets['stats']?.secret).toBe('own');
});

test('one secret by name and by ARN is noticed', () => {
  const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:streampass/a-AbCdEf';
  const targets = { a: red5({ issuer: 'i', secret: 'streampass/a' }), b: rtcstats({ secret: arn }) };
  expect(paths({ issuers: [], targets, grants: [] })).toEqual(['targets.b.secret']);
});
