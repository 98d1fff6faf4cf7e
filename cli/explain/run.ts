/** The commands of `npm run explain` and `npm run policy`. */

import { text } from 'node:stream/consumers';
import { loadConfigFile } from '../../build/load-config-file.ts';
import type { Config } from '../../lib/config/config.ts';
import { configProblems } from '../../lib/config/config-problems.ts';
import { formatProblem } from '../../lib/config/resolve-config.ts';
import { ruleSchema } from '../../lib/config/rule-schema.ts';
import { checkOptions, under } from '../../lib/options/check-options.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { LOCAL_STAGE, readOptions } from '../command-line.ts';
import { comparePolicies, hasEffect, toLines, toMarkdown } from './explain-diff.ts';
import { lintLines } from './explain-lint.ts';
import { explainPolicy } from './explain-policy.ts';
import { explainToken } from './explain-token.ts';
import { explainSignIn, identityFrom } from './identity-from.ts';

const USAGE = `usage: npm run -s explain -- COMMAND

  policy [-] [--service] [--group NAME]… [--claim NAME=VALUE]… [--issuer ISS] [--target NAME] [--action A] [--room R] [--transport T]
      what a user, or a service, may do, and by which rule; - reads their ID token or its claims from standard input;
      with an action, a room or a transport it also says how such a request is answered
  lint [--ignore KIND]…
      rules that look like a mistake; exit code 1 if there is something to fix
  token JWT|- --target NAME [--action A] [--room R] [--transport T] [--secret-from-env VARIABLE]
      whether that server would accept a streaming token, and why
  diff OLD NEW [--fail-on gains|losses|any] [--markdown]
      who gains and who loses permissions between two configuration files; one of them may be -, a JSON array of rules;
      exit code 1 if --fail-on names what happened

  --config FILE   the configuration, default streampass.config.ts
  --stage STAGE   the stage for which it is read, default local
`;

const COMMANDS = 'policy, lint, token or diff';

/** The text to print, and the exit code. A mistake in the input is thrown as one line, and the exit code is then 2. */
interface Outcome {
  readonly lines: readonly string[];
  readonly exitCode: 0 | 1;
}

function success(lines: readonly string[]): Outcome {
  return { lines, exitCode: 0 };
}

async function main(args: readonly string[]): Promise<Outcome> {
  const { values, positionals } = parse(args);
  const [command, ...operands] = positionals;
  if (values.help || command === undefined || command === 'help') {
    if (!values.help && command === undefined) throw new Error(`name a command: ${COMMANDS} (--help)`);
    return success([USAGE.trimEnd()]);
  }
  const { stage = LOCAL_STAGE } = values;
  const config = await loadConfig(values.config ?? 'streampass.config.ts', stage);
  const now = Date.now() / 1000;

  if (command === 'policy') {
    const [input, ...more] = operands;
    if (more.length > 0 || (input !== undefined && input !== '-'))
      throw new Error('policy takes only - and options');
    const names = values.target === undefined ? Object.keys(config.targets) : [values.target];
    for (const name of names) targetOf(config, name);
    const given = input === undefined ? '' : (await text(process.stdin)).trim();
    const { group: groups = [], claim: claims = [], issuer, service: isService = false } = values;
    const { action, room, transport } = values;
    const identity = identityFrom(config, { given, groups, claims, issuer, isService }, now);
    return success([
      ...(input === undefined ? [] : explainSignIn(config, given, now)),
      ...explainPolicy(config, names, identity, now, { scope: action, room, transport }),
    ]);
  }

  if (command === 'token') {
    const [input, ...more] = operands;
    if (input === undefined || more.length > 0)
      throw new Error('token takes one JWT, or - to read it from standard input');
    if (values.target === undefined)
      throw new Error(`name the server: --target ${Object.keys(config.targets).join('|')}`);
    const target = targetOf(config, values.target);
    if (values.action !== undefined && !target.actions.includes(values.action)) {
      throw new Error(`${values.target} knows no "${values.action}": it knows ${target.actions.join(', ')}`);
    }
    const attempt = {
      ...(values.action !== undefined && { action: values.action }),
      ...(values.room !== undefined && { room: values.room }),
      ...(values.transport !== undefined && { transport: values.transport }),
    };
    const token = input === '-' ? (await text(process.stdin)).trim() : input;
    const secret = secretFrom(values['secret-from-env']);
    return success(explainToken({ token, target, secret, attempt, now }));
  }

  if (command === 'diff') {
    const [before, after, ...more] = operands;
    if (before === undefined || after === undefined || more.length > 0)
      throw new Error('diff takes two files: OLD NEW');
    if (before === '-' && after === '-')
      throw new Error('diff can read only one of the two files from standard input');
    const read = (file: string): Promise<Config> =>
      file === '-' ? rulesFromInput(config) : loadConfig(file, stage);
    const failOn = effectsOf(values['fail-on']);
    const difference = comparePolicies(await read(before), await read(after));
    const lines = values.markdown ? toMarkdown(difference) : toLines(difference);
    return {
      lines: lines.length === 0 ? ['nobody gains or loses anything'] : lines,
      exitCode: failOn.some((effect) => hasEffect(difference, effect)) ? 1 : 0,
    };
  }

  if (command === 'lint') {
    if (operands.length > 0) throw new Error('lint takes only options');
    return lintLines(config, values.ignore ?? []);
  }
  throw new Error(`there is no command "${command}": ${COMMANDS} (--help)`);
}

function effectsOf(failOn: string | undefined): readonly ('gains' | 'losses')[] {
  if (failOn === undefined) return [];
  if (failOn === 'any') return ['gains', 'losses'];
  if (failOn === 'gains' || failOn === 'losses') return [failOn];
  throw new Error('--fail-on must be gains, losses or any');
}

function parse(args: readonly string[]) {
  const string = { type: 'string' } as const;
  return readOptions({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      config: string,
      stage: string,
      group: { type: 'string', multiple: true },
      claim: { type: 'string', multiple: true },
      issuer: string,
      service: { type: 'boolean' },
      target: string,
      action: string,
      room: string,
      transport: string,
      'secret-from-env': string,
      'fail-on': string,
      markdown: { type: 'boolean' },
      ignore: { type: 'string', multiple: true },
    },
  });
}

function targetOf(config: Config, name: string): Target {
  const target = Object.hasOwn(config.targets, name) ? config.targets[name] : undefined;
  if (target === undefined) {
    throw new Error(`no target is called "${name}": there are ${Object.keys(config.targets).join(', ')}`);
  }
  return target;
}

function secretFrom(variable: string | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const secret = process.env[variable];
  // What was written there may be the secret itself, so it is not repeated.
  if (!secret) throw new Error('--secret-from-env names an environment variable that is missing or empty');
  return secret;
}

async function loadConfig(file: string, stage: string): Promise<Config> {
  const { config, problems } = await loadConfigFile(file, { stage, env: process.env });
  const [problem] = problems;
  if (problem !== undefined) throw new Error(problem);
  return config;
}

/** The configuration with other rules, as JSON. */
async function rulesFromInput(config: Config): Promise<Config> {
  let rules: unknown;
  try {
    rules = JSON.parse(await text(process.stdin));
  } catch {
    throw new Error('standard input must be JSON');
  }
  if (!Array.isArray(rules)) throw new Error('standard input must be an array of rules');
  const checked = rules.map((rule) => checkOptions(ruleSchema, rule));
  const grants = checked.flatMap((rule) => (rule.ok ? [rule.options] : []));
  const shape = checked.flatMap((rule, index) => (rule.ok ? [] : under(`grants[${index}]`, rule.problems)));
  const changed = { ...config, grants };
  const [problem] = shape.length > 0 ? shape : configProblems(changed);
  if (problem !== undefined) throw new Error(formatProblem(problem, 'standard input'));
  return changed;
}

/** Runs a command line: prints its result, or one line that says what is wrong with it, and sets the exit code. */
export async function run(args: readonly string[]): Promise<void> {
  try {
    const { lines, exitCode } = await main(args);
    process.stdout.write(`${lines.join('\n')}\n`);
    process.exitCode = exitCode;
  } catch (error) {
    process.stderr.write(`explain: ${error instanceof Error ? error.message : 'it failed'}\n`);
    process.exitCode = 2;
  }
}
