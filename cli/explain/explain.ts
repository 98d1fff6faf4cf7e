/** `npm run -s explain`: what the rules give, what a server would say to a token, what a change of the rules changes. */

import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { loadConfigFile } from '../../build/load-config-file.ts';
import type { Config } from '../../lib/config/config.ts';
import { configProblems } from '../../lib/config/config-problems.ts';
import { formatProblem } from '../../lib/config/resolve-config.ts';
import { ruleSchema } from '../../lib/config/rule-schema.ts';
import { checkOptions, under } from '../../lib/options/check-options.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { explainDiff } from './explain-diff.ts';
import { explainPolicy } from './explain-policy.ts';
import { explainToken } from './explain-token.ts';
import { identityFrom } from './identity-from.ts';

const USAGE = `usage: npm run -s explain -- COMMAND

  policy [-] [--group NAME]… [--claim NAME=VALUE]… [--issuer ISS] [--target NAME]
      what a person may do, and by which rule; - reads their ID token or its claims from standard input
  token JWT|- --target NAME [--action A] [--room R] [--transport T] [--secret-from-env VARIABLE]
      what that server would say to a streaming token, and why
  diff OLD NEW
      who gains and who loses what between two configuration files; one of them may be -, a JSON list of rules

  --config FILE   the configuration, default streampass.config.ts
`;

/** The lines to print; what is wrong with the input is thrown, as one line, and ends in exit code 2. */
async function main(args: readonly string[]): Promise<readonly string[]> {
  const { values, positionals } = parse(args);
  const [command, ...operands] = positionals;
  if (values.help || command === undefined || command === 'help') {
    if (!values.help && command === undefined)
      throw new Error('name a command: policy, token or diff (--help)');
    return [USAGE.trimEnd()];
  }
  const config = await loadConfig(values.config ?? 'streampass.config.ts');
  const now = Date.now() / 1000;

  if (command === 'policy') {
    const [input, ...more] = operands;
    if (more.length > 0 || (input !== undefined && input !== '-'))
      throw new Error('policy takes - or options alone');
    const names = values.target === undefined ? Object.keys(config.targets) : [values.target];
    for (const name of names) targetOf(config, name);
    const given = input === undefined ? '' : (await text(process.stdin)).trim();
    const { group: groups = [], claim: claims = [], issuer } = values;
    return explainPolicy(config, names, identityFrom(config, { given, groups, claims, issuer }, now), now);
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
    return explainToken({ token, target, secret: secretFrom(values['secret-from-env']), attempt, now });
  }

  if (command === 'diff') {
    const [before, after, ...more] = operands;
    if (before === undefined || after === undefined || more.length > 0)
      throw new Error('diff takes two files: OLD NEW');
    if (before === '-' && after === '-')
      throw new Error('diff reads one of the two from standard input, not both');
    const read = (file: string): Promise<Config> =>
      file === '-' ? rulesFromInput(config) : loadConfig(file);
    const lines = explainDiff(await read(before), await read(after));
    return lines.length === 0 ? ['nobody gains or loses anything'] : lines;
  }
  throw new Error(`there is no command "${command}": policy, token or diff (--help)`);
}

function parse(args: readonly string[]) {
  const string = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        config: string,
        group: { type: 'string', multiple: true },
        claim: { type: 'string', multiple: true },
        issuer: string,
        target: string,
        action: string,
        room: string,
        transport: string,
        'secret-from-env': string,
      },
    });
  } catch (error) {
    throw new Error(error instanceof Error ? error.message : 'the options cannot be read', { cause: error });
  }
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
  if (!secret)
    throw new Error('--secret-from-env names a variable of the environment, which is not there or empty');
  return secret;
}

async function loadConfig(file: string): Promise<Config> {
  const stage = process.env['STREAMPASS_STAGE'] || 'local';
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
  const [problem] = shape.length > 0 ? shape : configProblems(changed, process.env);
  if (problem !== undefined) throw new Error(formatProblem(problem, 'standard input'));
  return changed;
}

try {
  process.stdout.write(`${(await main(process.argv.slice(2))).join('\n')}\n`);
} catch (error) {
  process.stderr.write(`explain: ${error instanceof Error ? error.message : 'it failed'}\n`);
  process.exitCode = 2;
}
