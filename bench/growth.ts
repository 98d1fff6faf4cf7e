/**
 * `node bench/growth.ts`: what a first exchange costs as a configuration grows, and as a request does. In one process, from
 * event to outcome; each stage's CPU per exchange over its row's first stage, in the same round.
 */

import { parseArgs } from 'node:util';
import { createService } from '../functions/wiring/service.ts';
import { newRandomId, systemNow } from '../lib/node/system.ts';
import type { ConfigInput } from '../lib/config/config.ts';
import { exchange } from '../lib/exchange/exchange.ts';
import type { ExchangeDeps } from '../lib/exchange/exchange.ts';
import { localSecretOf } from '../lib/config/stand-ins.ts';
import { indexRules } from '../lib/policy/match-rules.ts';
import type { Rule } from '../lib/policy/rule.ts';
import { identify } from '../lib/identity/identify.ts';
import { oidc } from '../lib/identity/presets/oidc.ts';
import { createVerifiedTokens } from '../lib/identity/verified-tokens.ts';
import { red5 } from '../lib/media-servers/red5/claims.ts';
import { median, ratios, withSpread } from './measure/statistics.ts';
import { startScene } from './scene.ts';
import type { EventOptions } from './scene.ts';
import { configOf } from '../test/support/config.ts';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '11' }, exchanges: { type: 'string', default: '200' } },
});
const rounds = Number(options.rounds);
const exchanges = Number(options.exchanges);

/** One size of what grows. */
interface Stage {
  readonly config?: Partial<ConfigInput>;
  readonly event?: EventOptions;
  /** Keys of the provider beside the three that it signs with. */
  readonly otherKeys?: number;
  readonly refused?: boolean;
}

/** What grows, by what, and a stage for each size. */
interface Row {
  readonly what: string;
  readonly sizes: readonly number[];
  readonly stage: (size: number) => Stage;
}

const ANY_ROOM: Rule = {
  group: 'broadcasters',
  target: 'red5',
  actions: ['publish'],
  rooms: ['*'],
  ttl: 3600,
};
const TARGET = red5({ secret: localSecretOf('red5'), issuer: 'streampass' });
const MANY = [1, 100, 1000, 10_000];

const ROWS: readonly Row[] = [
  {
    what: 'rules, each for a group of its own',
    sizes: MANY,
    stage: (size) => ({ config: rules(size, (index) => ({ ...ANY_ROOM, group: groupAt(index) })) }),
  },
  {
    what: 'rules of one group, each for a room',
    sizes: MANY,
    stage: (size) => ({ config: rules(size, (index) => ({ ...ANY_ROOM, rooms: [`studio-${index + 1}`] })) }),
  },
  {
    what: 'rules of one group, each for a prefix',
    sizes: MANY,
    stage: (size) => ({
      config: rules(size, (index) => ({ ...ANY_ROOM, rooms: [`studio-${index + 1}*`] })),
      event: { form: { room: 'studio-1' } },
    }),
  },
  {
    what: 'rules of one group, each for a claim’s value',
    sizes: MANY,
    stage: (size) => ({
      config: rules(size, (index) => ({ ...ANY_ROOM, claims: { tenant: `tenant-${index}` } })),
      event: { claims: { tenant: 'tenant-0' } },
    }),
  },
  {
    what: 'rules of one group, each for a room: a room that none allows',
    sizes: MANY,
    stage: (size) => ({
      config: rules(size, (index) => ({ ...ANY_ROOM, rooms: [`studio-${index + 1}`] })),
      event: { form: { room: 'elsewhere' } },
      refused: true,
    }),
  },
  {
    what: 'rules of one group, each for a room: an action that none allows',
    sizes: MANY,
    stage: (size) => ({
      config: rules(size, (index) => ({ ...ANY_ROOM, rooms: [`studio-${index + 1}`] })),
      event: { form: { scope: 'subscribe', transport: 'WHEP' } },
      refused: true,
    }),
  },
  {
    what: 'tenants, each with an issuer and ten rules',
    sizes: [1, 10, 100, 1000],
    stage: (size) => ({
      config: {
        issuers: Array.from({ length: size - 1 }, (_, index) =>
          oidc({ issuer: `https://id${index}.example.com`, audience: 'other' }),
        ),
        grants: [
          ANY_ROOM,
          ...Array.from({ length: (size - 1) * 10 }, (_, index) => ({
            ...ANY_ROOM,
            issuer: `https://id${Math.floor(index / 10)}.example.com`,
          })),
        ],
      },
    }),
  },
  {
    what: 'issuers',
    sizes: [1, 10, 100, 1000],
    stage: (size) => ({
      config: {
        issuers: Array.from({ length: size - 1 }, (_, index) =>
          oidc({ issuer: `https://id${index}.example.com`, audience: 'other' }),
        ),
      },
    }),
  },
  { what: 'keys of the provider', sizes: [3, 25, 100], stage: (size) => ({ otherKeys: size - 3 }) },
  {
    what: 'targets',
    sizes: [1, 10, 100, 1000],
    stage: (size) => ({
      config: {
        targets: Object.fromEntries([
          ['red5', TARGET],
          ...Array.from(
            { length: size - 1 },
            (_, index) => [`live-${index}`, red5({ secret: `live-${index}`, issuer: 'streampass' })] as const,
          ),
        ]),
      },
    }),
  },
  {
    what: 'rooms asked for',
    sizes: [1, 4, 16],
    stage: (size) => ({ event: { form: { room: names('studio', size).join(' '), transport: 'WHEP' } } }),
  },
  {
    what: 'groups in the token',
    sizes: [2, 20, 200],
    stage: (size) => ({ event: { claims: { groups: ['broadcasters', ...names('group', size - 1)] } } }),
  },
];

console.log(
  `CPU of a first exchange over that of the row's first size, medians of ${rounds} rounds of ${exchanges} exchanges:\n`,
);
console.log('| what grows | sizes: CPU × first size | first size, µs |');
console.log('|---|---|---|');
for (const row of ROWS) {
  const stages = [];
  for (const size of row.sizes) stages.push({ size, ...(await prepare(row.stage(size))) });
  const micros = stages.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { run }] of stages.entries()) {
      const cpuMicros = await run(round === 0 ? exchanges * 5 : exchanges);
      if (round > 0) micros[index]?.push(cpuMicros);
    }
  }
  const [first = []] = micros;
  const cells = stages.map(({ size }, index) => `${size}: ${withSpread(ratios(micros[index] ?? [], first))}`);
  console.log(`| ${row.what} | ${cells.join(' · ')} | ${median(first).toFixed(0)} |`);
  await Promise.all(stages.map(({ end }) => end()));
}

/** A service of this size, wired as `functions/token.ts` does it, but for the log. */
async function prepare({ config = {}, event = {}, otherKeys = 0, refused = false }: Stage): Promise<{
  readonly run: (count: number) => Promise<number>;
  readonly end: () => Promise<void>;
}> {
  const scene = await startScene({ otherKeys });
  const whole = configOf({
    targets: { red5: TARGET },
    grants: [ANY_ROOM],
    ...config,
    issuers: [
      oidc({ issuer: scene.env['OIDC_ISSUER'] ?? '', audience: scene.env['OIDC_AUDIENCE'] ?? '' }),
      ...(config.issuers ?? []),
    ],
  });
  // Where the SDK itself looks for the endpoint, at its first call.
  Object.assign(process.env, scene.env);
  const service = createService({ config: whole, problems: [] }, scene.env);
  await service.ringOf('red5').get();
  const identifyDeps = {
    issuers: service.issuers,
    // No token is remembered: each exchange is a first one.
    verified: createVerifiedTokens(0),
    now: systemNow,
    clockSkew: whole.timing.clockSkew,
  };
  const deps: ExchangeDeps = {
    config: whole,
    rules: indexRules(whole.grants, whole.targets, whole.timing.clockSkew),
    identify: (token, type) => identify(token, type, identifyDeps),
    admit: service.admission.admit,
    ringOf: service.ringOf,
    now: systemNow,
    newId: newRandomId,
  };
  const events = Array.from({ length: 50 }, () => scene.newEvent('RS256', event));
  let next = 0;
  return {
    async run(count) {
      const before = process.cpuUsage();
      for (let done = 0; done < count; done++) {
        const one = events[next++ % events.length] ?? {};
        const outcome = await exchange(one, deps);
        if (outcome.issued === refused) throw new Error(outcome.issued ? 'was issued' : outcome.error.reason);
      }
      const { user, system } = process.cpuUsage(before);
      return (user + system) / count;
    },
    end: () => scene.close(),
  };
}

function rules(count: number, ruleAt: (index: number) => Rule): Partial<ConfigInput> {
  return { grants: Array.from({ length: count }, (_, index) => ruleAt(index)) };
}

function groupAt(index: number): string {
  return index === 0 ? 'broadcasters' : `group-${index}`;
}

function names(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
}
