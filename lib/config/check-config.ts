import { roomPatternProblem } from '../policy/room.ts';
import type { Rule } from '../policy/rule.ts';
import { fleetProblems } from './fleet-problems.ts';
import { ruleShapeProblems } from './rule-shape.ts';
import { timingProblems } from './timing-problems.ts';
import type { Target } from '../media-servers/target.ts';
import type { Config } from './config.ts';

/** A mistake in a configuration: where it is, and what would be right. */
export interface ConfigProblem {
  /** Such as `grants[2].target`. */
  readonly path: string;
  readonly problem: string;
}

/**
 * Every mistake in a configuration, all at once; none where it is sound. That no issuer is configured is no mistake: it is
 * so wherever the environment names none yet.
 */
export function checkConfig(config: Config): readonly ConfigProblem[] {
  return [
    ...issuerProblems(config),
    ...targetProblems(config),
    ...grantsProblems(config),
    ...denyProblems(config),
    ...(config.tokensPerMinute === undefined
      ? []
      : numberProblems('tokensPerMinute', config.tokensPerMinute, 1)),
    ...timingProblems(config),
    ...fleetProblems(config.targets),
  ];
}

/** A problem as the one line that build and log print. */
export function formatProblem({ path, problem }: ConfigProblem): string {
  return `streampass.config.ts: ${path}: ${problem}`;
}

function issuerProblems({ issuers }: Config): ConfigProblem[] {
  return issuers.flatMap((issuer, index) => [
    ...issuer.problems.map(({ field, problem }) => ({ path: `issuers[${index}].${field}`, problem })),
    ...(issuers.findIndex((other) => other.issuer === issuer.issuer) < index
      ? [
          {
            path: `issuers[${index}].issuer`,
            problem: 'is configured twice: name all its client ids in one entry',
          },
        ]
      : []),
  ]);
}

function targetProblems({ targets }: Config): ConfigProblem[] {
  const entries = Object.entries(targets);
  return entries.flatMap(([name, target], index) => {
    const path = `targets.${name}`;
    const sameSecret = entries.slice(0, index).find(([, other]) => other.secret === target.secret);
    return [
      ...(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name)
        ? []
        : [
            {
              path,
              problem: 'a target’s name is 1 to 64 letters, digits, "-" or "_", beginning with a letter',
            },
          ]),
      ...(/^[A-Za-z0-9/_+=.@:-]{1,2048}$/.test(target.secret)
        ? []
        : [{ path: `${path}.secret`, problem: 'must be the name or ARN of a secret in Secrets Manager' }]),
      ...(sameSecret === undefined
        ? []
        : [
            {
              path: `${path}.secret`,
              problem: `is the secret of ${sameSecret[0]} too: a server may accept any token under its secret, so each target needs its own`,
            },
          ]),
      ...numberProblems(`${path}.longestToken`, target.longestToken, 60),
      ...subjectProblems(path, target),
      ...target.problems.map(({ field, problem }) => ({ path: `${path}.${field}`, problem })),
    ];
  });
}

function subjectProblems(path: string, { subject }: Target): ConfigProblem[] {
  return subject !== 'public' && !(subject.pairwiseSalt.length >= 32)
    ? [{ path: `${path}.subject.pairwiseSalt`, problem: 'must be 32 random characters or more' }]
    : [];
}

function grantsProblems(config: Config): ConfigProblem[] {
  if (!Array.isArray(config.grants)) return [{ path: 'grants', problem: 'must be a list of rules' }];
  return config.grants.flatMap((rule, index) => ruleProblems(rule, `grants[${index}]`, config));
}

function ruleProblems(rule: Rule, path: string, config: Config): ConfigProblem[] {
  const misshapen = ruleShapeProblems(rule);
  if (misshapen.length > 0) {
    return misshapen.map(({ field, problem }) => ({
      path: field === '' ? path : `${path}.${field}`,
      problem,
    }));
  }
  const at = (field: string, problem: string): ConfigProblem => ({ path: `${path}.${field}`, problem });
  const target = Object.hasOwn(config.targets, rule.target) ? config.targets[rule.target] : undefined;
  if (target === undefined) return [at('target', `no target is called "${rule.target}"`)];
  const unknownIssuer =
    rule.issuer !== undefined &&
    config.issuers.length > 0 &&
    !config.issuers.some(({ issuer }) => issuer === rule.issuer);
  return [
    ...(rule.actions.length === 0 ? [at('actions', `must name one of ${target.actions.join(', ')}`)] : []),
    ...rule.actions.flatMap((action, index) =>
      target.actions.includes(action)
        ? []
        : [
            at(
              `actions[${index}]`,
              `${rule.target} knows no "${action}": it knows ${target.actions.join(', ')}`,
            ),
          ],
    ),
    ...(rule.rooms.length === 0 ? [at('rooms', 'must name a room, a prefix or "*"')] : []),
    ...rule.rooms.flatMap((pattern, index) => {
      const problem = roomPatternProblem(pattern, target);
      return problem === undefined ? [] : [at(`rooms[${index}]`, problem)];
    }),
    ...transportProblems(rule, target, at),
    ...numberProblems(`${path}.ttl`, rule.ttl, 60),
    ...(rule.group === '' ? [at('group', 'may not be empty')] : []),
    ...(unknownIssuer ? [at('issuer', 'is not the issuer of any configured provider')] : []),
    ...(rule.signedInWithin === undefined
      ? []
      : numberProblems(`${path}.signedInWithin`, rule.signedInWithin, 1)),
  ];
}

function denyProblems({ deny }: Config): ConfigProblem[] {
  return (['subjects', 'sessions'] as const).flatMap((list) =>
    (deny[list] ?? []).flatMap((entry, index) =>
      typeof entry === 'string' && entry !== ''
        ? []
        : [
            {
              path: `deny.${list}[${index}]`,
              problem: 'must be a text that is not empty: it would deny nobody',
            },
          ],
    ),
  );
}

function transportProblems(
  rule: Rule,
  target: Target,
  at: (field: string, problem: string) => ConfigProblem,
): ConfigProblem[] {
  if (rule.transports === undefined) return [];
  if (target.transports.length === 0 || target.ignoresTransports)
    return [at('transports', `${rule.target} cannot tell transports apart: leave it out`)];
  if (rule.transports.length === 0)
    return [at('transports', 'must name a transport; leave it out to allow any')];
  return rule.transports.flatMap((transport, index) =>
    target.transports.includes(transport)
      ? []
      : [at(`transports[${index}]`, `must be one of ${target.transports.join(', ')}`)],
  );
}

function numberProblems(path: string, value: number, least: number): ConfigProblem[] {
  return Number.isSafeInteger(value) && value >= least
    ? []
    : [{ path, problem: `must be a whole number, ${least} or more` }];
}
