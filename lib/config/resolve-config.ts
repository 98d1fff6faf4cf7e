import type * as v from 'valibot';
import { checkOptions, under, type OptionProblem } from '../options/check-options.ts';
import { stackDocument } from '../fleet/stack-document.ts';
import type { Rule } from '../policy/rule.ts';
import { configProblems } from './config-problems.ts';
import {
  DEFAULT_TIMING,
  DEFAULT_TOKENS_PER_MINUTE,
  configSchema,
  type Config,
  type ConfigContext,
} from './config.ts';
import { ruleSchema } from './rule-schema.ts';
import { STREAM_KEYS } from './stream-keys.ts';

/** A configuration and its problems. */
export interface ResolvedConfig {
  /** With its defaults filled in. Empty if there are problems, so that an invalid configuration never allows anything. */
  readonly config: Config;
  /** Every mistake with its path; empty if the configuration is valid. */
  readonly problems: readonly OptionProblem[];
}

/** A configuration that allows nothing. */
const NOTHING: Config = {
  issuers: [],
  targets: {},
  grants: [],
  timing: DEFAULT_TIMING,
  deny: {},
  rotation: {},
  tokensPerMinute: DEFAULT_TOKENS_PER_MINUTE,
  deploy: {},
};

/**
 * Resolves the default export of a `streampass.config.ts` for a stage: the configuration with its defaults, or all its
 * mistakes at once. It never throws, whatever is exported.
 */
export function resolveConfig(definition: unknown, context: ConfigContext): ResolvedConfig {
  let input: unknown = definition;
  if (typeof definition === 'function') {
    try {
      input = (definition as (context: ConfigContext) => unknown)(context);
    } catch (error) {
      return broken([{ path: '', problem: `defineConfig's function throws: ${firstLineOf(error)}` }]);
    }
  }
  if (input === undefined) {
    return broken([{ path: '', problem: 'the default export must be defineConfig({ … })' }]);
  }
  if (input instanceof Promise) {
    return broken([{ path: '', problem: 'must be an object, not a promise' }]);
  }

  const shape = checkOptions(configSchema, input);
  const rules = rulesOf(input);
  const misshapen = shape.ok ? [] : shape.problems;
  const options = shape.ok ? shape.options : membersWithout(misshapen, input);
  const config = withDefaults(options, rules.sound, context);
  // Rules cannot be checked against targets that are invalid.
  const checked = misshapen.some(({ path }) => memberOf(path) === 'targets')
    ? { ...config, grants: [] }
    : config;
  const problems = [
    ...misshapen,
    ...problemsOfMadeParts(input),
    ...rules.problems,
    ...configProblems(checked, rules.indexes),
  ];
  return problems.length > 0 ? broken(problems) : { config, problems };
}

type Options = v.InferOutput<typeof configSchema>;

/** The valid members of a configuration, so that a mistake in one member hides none in another. */
function membersWithout(problems: readonly OptionProblem[], input: unknown): Options {
  const wrong = new Set(problems.map(({ path }) => memberOf(path)));
  const members = wrong.has('') ? [] : Object.entries(input as object).filter(([name]) => !wrong.has(name));
  return { issuers: [], targets: {}, grants: [], ...(Object.fromEntries(members) as Partial<Options>) };
}

/** The member that a path begins with, such as `issuers` of `issuers[0].audience`. */
function memberOf(path: string): string {
  return path.split(/[.[]/, 1)[0] ?? '';
}

/** A problem as the one line that build and log print. */
export function formatProblem({ path, problem }: OptionProblem, file = 'streampass.config.ts'): string {
  return path === '' ? `${file}: ${problem}` : `${file}: ${path}: ${problem}`;
}

/** The first line of a thrown error's message. */
export function firstLineOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

function broken(problems: readonly OptionProblem[]): ResolvedConfig {
  return { config: NOTHING, problems };
}

function withDefaults(options: Options, grants: readonly Rule[], { stage }: ConfigContext): Config {
  const document = stackDocument(stage);
  const targets = Object.entries(options.targets).map(([name, { fleet, signer, ...target }]) => {
    const secret = target.secret ?? `streampass/${stage}/${name}`;
    return [
      name,
      {
        ...target,
        secret,
        ...(fleet && { fleet: fleet.by === 'ssm' ? { document, ...fleet } : fleet }),
        ...(signer && { signer: { keyId: `alias/streampass/${stage}/${name}`, ...signer } }),
      },
    ];
  });
  return {
    issuers: options.issuers,
    targets: Object.fromEntries(targets) as Config['targets'],
    grants,
    ...(grants.some(({ streamKeys }) => streamKeys !== undefined) && {
      streamKeys: { secret: `streampass/${stage}/${STREAM_KEYS}` },
    }),
    timing: { ...DEFAULT_TIMING, ...options.timing } as Config['timing'],
    deny: (options.deny ?? {}) as Config['deny'],
    rotation: options.rotation ?? {},
    tokensPerMinute: options.tokensPerMinute ?? DEFAULT_TOKENS_PER_MINUTE,
    deploy: (options.deploy ?? {}) as Config['deploy'],
  };
}

interface CheckedRules {
  readonly sound: readonly Rule[];
  /** The position of each valid rule in the file. */
  readonly indexes: readonly number[];
  readonly problems: readonly OptionProblem[];
}

/** Each rule is checked separately, so that a mistake in one hides none in another. */
function rulesOf(input: unknown): CheckedRules {
  const checked = membersOf(input, 'grants').map(
    ([index, rule]) => [Number(index), checkOptions(ruleSchema, rule)] as const,
  );
  const sound = checked.flatMap(([index, rule]) => (rule.ok ? [{ index, rule: rule.options }] : []));
  return {
    sound: sound.map(({ rule }) => rule),
    indexes: sound.map(({ index }) => index),
    problems: checked.flatMap(([index, rule]) => (rule.ok ? [] : under(`grants[${index}]`, rule.problems))),
  };
}

/** Mistakes that presets and kinds of media servers found in their options. */
function problemsOfMadeParts(input: unknown): readonly OptionProblem[] {
  return [
    ...membersOf(input, 'issuers').flatMap(([index, issuer]) =>
      under(`issuers[${index}]`, problemsOf(issuer)),
    ),
    ...membersOf(input, 'targets').flatMap(([name, target]) => under(`targets.${name}`, problemsOf(target))),
  ];
}

function problemsOf(made: unknown): readonly OptionProblem[] {
  return typeof made === 'object' && made !== null && 'problems' in made && Array.isArray(made.problems)
    ? (made.problems as readonly OptionProblem[])
    : [];
}

function membersOf(input: unknown, name: string): readonly (readonly [string, unknown])[] {
  if (typeof input !== 'object' || input === null || !Object.hasOwn(input, name)) return [];
  const members: unknown = (input as Readonly<Record<string, unknown>>)[name];
  return typeof members === 'object' && members !== null ? Object.entries(members) : [];
}
