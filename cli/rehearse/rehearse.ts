import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { secretsWriter } from '../../lib/aws/secrets-writer.ts';
import type { Config } from '../../lib/config/config.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { longestTokenOf } from '../../lib/rotation/longest-token.ts';
import { rotationOf } from '../../lib/rotation/options.ts';
import { policyOf, type Policy } from '../../lib/rotation/policy.ts';
import type { RotationSecrets } from '../../lib/rotation/ports.ts';
import type { Reason } from '../../lib/rotation/reasons.ts';
import type { TargetReport } from '../../lib/rotation/report.ts';
import { rotate } from '../../lib/rotation/rotate.ts';
import { inMemorySecretsManager } from '../../local/secrets-manager/in-memory.ts';
import { rehearsedFleet, type RehearsedFleet } from './fleet.ts';

/** How a rotation is rehearsed. */
export interface RehearsalOptions {
  /** When it starts, epoch seconds. */
  readonly start: number;
  readonly nodes: number;
  /** How long a node takes no connections while it is reloaded. */
  readonly reloadSeconds: number;
  /** Whether calls are throttled, runs are lost, a node is silent and a reload fails. */
  readonly faults: boolean;
  /** How long tokens really live · default: as long as the rules allow. */
  readonly tokenSeconds?: number;
}

/** A stretch of a rotation: one phase, waiting for one thing. Epoch seconds. */
export interface Stretch {
  readonly phase: string;
  readonly reason: Reason;
  readonly from: number;
  readonly to: number;
}

/** What a rehearsal of one target showed. */
export interface Rehearsal {
  readonly stretches: readonly Stretch[];
  /** Whether the rotation ended. */
  readonly ended: boolean;
  readonly connections: number;
  readonly refused: number;
  readonly reloads: number;
}

/** The longest rotation that is rehearsed to its end, in seconds. */
const LONGEST = 45 * 86_400;
const MINUTE = 60;
/** In a long wait little changes, so connections are tried less often. */
const LONG_STEP = 15 * MINUTE;
/** Ages of tokens and rings that are tried at each instant, of the longest. */
const AGES = [0, 0.02, 0.25, 0.5, 0.75, 0.98, 1];

/**
 * Rehearses the rotation of one target of a configuration on a virtual clock: the real rotation, over Secrets Manager and
 * nodes in memory, and at each instant connections with tokens of every age, signed with rings as old as they may be, at
 * every node. Deterministic.
 */
export async function rehearse(
  name: string,
  target: Target,
  config: Pick<Config, 'timing' | 'grants' | 'rotation'>,
  options: RehearsalOptions,
): Promise<Rehearsal> {
  let now = options.start - 2 * MINUTE;
  let isStarted = false;
  const longestToken = longestTokenOf(name, target, config.grants);
  const rotation = rotationOf(config.rotation, target.rotation);
  const policy = policyOf({ ...target, longestToken }, config.timing, rotation);
  const client = inMemorySecretsManager(() => now);
  await client.send(new CreateSecretCommand({ Name: name, ClientRequestToken: 'x'.repeat(32) }));
  const fleet = rehearsedFleet(policy.keys, options, () => now);
  const writer = secretsWriter(client);
  let made = 0;
  const rotated = {
    secret: name,
    signing: 'HS256' as const,
    policy,
    memory: {},
    secrets: options.faults ? throttled(writer, () => isStarted) : writer,
    servers: { ...fleet.servers, probe: async () => ({ accepted: true }) as const },
    maker: { make: () => `rehearsal-${String(++made).padStart(32, '0')}` },
  };
  const run = async (action: 'advance' | 'start') => {
    const event = { action, serversFollow: false };
    const { targets } = await rotate(event, { [name]: rotated }, now, () => undefined);
    return targets[name];
  };
  const ringNow = async (): Promise<Ring> => {
    const { stages } = await writer.describe(name);
    const held = (label: string) => Object.keys(stages).find((id) => stages[id]?.includes(label));
    const [current, pending, previous] = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'].map(held);
    const live = [...new Set([current, pending, previous])].filter((id) => id !== undefined);
    const [first = '', second] = live;
    return {
      at: now,
      tokens: policy.keys === 'single' && second !== undefined ? [first, second] : [first],
      live,
    };
  };

  // A steady target, whose tokens all know the first version.
  const rings: Ring[] = [];
  for (let runs = 0; runs < 4; runs++) {
    await run('advance');
    fleet.settle();
  }
  fleet.begin();
  rings.push({ ...(await ringNow()), at: -Infinity });
  now = options.start;

  const stretches: Stretch[] = [];
  let [connections, refused, runs] = [0, 0, 0];
  let ended = false;
  while (!ended && now < options.start + LONGEST) {
    runs++;
    const isLost = options.faults && runs % 10 === 5;
    const report: TargetReport | undefined = isLost ? undefined : await run(isStarted ? 'advance' : 'start');
    rings.push(await ringNow());
    let pause = MINUTE;
    // A run that could not look at the target shows nothing; the next one does.
    if (report !== undefined && report.phase !== 'unknown') {
      const { phase, next }: TargetReport = report;
      isStarted ||= phase === 'announced';
      const stretch: Stretch = { phase, reason: next.reason, from: now, to: now };
      addTo(stretches, stretch, next.step === 'wait');
      ended = isStarted && phase === 'steady';
      const until = next.at === undefined ? now : Date.parse(next.at) / 1000;
      if (until - now > 2 * LONG_STEP && next.step === 'wait') pause = LONG_STEP;
    }
    const tried = tryConnections(
      rings,
      fleet,
      { ...policy, longestToken: options.tokenSeconds ?? longestToken },
      now,
    );
    connections += tried.connections;
    refused += tried.refused;
    now += pause;
  }
  return { stretches, ended, connections, refused, reloads: fleet.reloads() };
}

/** Goes on with the last stretch, or begins another one. What was just done belongs to the stretch in which it was done. */
function addTo(stretches: Stretch[], next: Stretch, isWait: boolean): void {
  const last = stretches.at(-1);
  if (last === undefined) {
    stretches.push(next);
    return;
  }
  stretches[stretches.length - 1] = { ...last, to: next.to };
  const isSame = last.phase === next.phase && (last.reason === next.reason || !isWait);
  if (!isSame) stretches.push(next);
}

/** The versions in a token set, and all that are live, since an instant. */
interface Ring {
  readonly at: number;
  readonly tokens: readonly string[];
  readonly live: readonly string[];
}

/** At each node that takes connections, a token of each age, by a ring of each age. */
function tryConnections(
  rings: readonly Ring[],
  fleet: RehearsedFleet,
  policy: Policy,
  now: number,
): { connections: number; refused: number } {
  const ringAt = (at: number): Ring | undefined => rings.findLast((ring) => ring.at <= at);
  let [connections, refused] = [0, 0];
  const accepting =
    policy.keys === 'jwks'
      ? AGES.map((age) => ringAt(now - age * policy.publicKeyAge)?.live ?? [])
      : fleet.accepted();
  for (const tokenAge of AGES) {
    for (const ringAge of AGES) {
      const ring = ringAt(now - tokenAge * policy.longestToken - ringAge * policy.keyRingMaxAge);
      for (const accepted of accepting) {
        connections++;
        if (ring !== undefined && !ring.tokens.some((version) => accepted.includes(version))) refused++;
      }
    }
  }
  return { connections, refused };
}

/** Every seventh call is throttled. */
function throttled(secrets: RotationSecrets, isStarted: () => boolean): RotationSecrets {
  let calls = 0;
  const turn = <Args extends readonly unknown[], Result>(call: (...args: Args) => Promise<Result>) => {
    return async (...args: Args): Promise<Result> => {
      if (isStarted() && ++calls % 7 === 0)
        throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
      return call(...args);
    };
  };
  return {
    describe: turn(secrets.describe),
    value: turn(secrets.value),
    versions: turn(secrets.versions),
    put: turn(secrets.put),
    moveLabel: turn(secrets.moveLabel),
    tag: turn(secrets.tag),
    untag: turn(secrets.untag),
  };
}
