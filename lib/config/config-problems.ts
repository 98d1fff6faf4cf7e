import type { Target } from '../media-servers/target.ts';
import { under, type OptionProblem } from '../options/check-options.ts';
import { roomPatternProblem } from '../policy/room.ts';
import type { Rule } from '../policy/rule.ts';
import type { Config } from './config.ts';
import { deployProblems } from './deploy-problems.ts';
import { fleetProblems } from './fleet-problems.ts';
import { rotationProblems } from './rotation-problems.ts';
import { isSameSecret } from './same-secret.ts';
import { targetNameProblem } from './target-name.ts';
import { timingProblems } from './timing-problems.ts';

/**
 * Conflicts between the parts of a configuration, all at once. The shape of each part was checked before. A configuration
 * without an issuer is not a mistake, because the environment may not name one yet.
 *
 * @param ruleIndexes the position of each rule in the file
 */
export function configProblems(
  config: Config,
  ruleIndexes: readonly number[] = config.grants.map((_rule, index) => index),
): readonly OptionProblem[] {
  const problems = [
    ...issuerProblems(config),
    ...nameProblems(config),
    ...secretProblems(config),
    ...Object.entries(config.targets).flatMap(([name, { signer }]) =>
      under(`targets.${name}.signer`, signer?.problems(config.targets, name) ?? []),
    ),
    ...config.grants.flatMap((rule, index) => ruleProblems(rule, `grants[${ruleIndexes[index]}]`, config)),
    ...timingProblems(config),
    ...fleetProblems(config.targets),
    ...deployProblems(config),
  ];
  // The time of a rotation can be computed only if everything else is valid.
  return problems.length > 0 ? problems : rotationProblems(config);
}

function issuerProblems({ issuers }: Config): OptionProblem[] {
  // Two spellings of one address differ in the case of the host, or in a slash after the host alone.
  const addresses = issuers.map(({ issuer }) => URL.parse(issuer)?.href ?? issuer);
  return addresses.flatMap((address, index) =>
    address !== '' && addresses.indexOf(address) < index
      ? [
          {
            path: `issuers[${index}].issuer`,
            problem: 'is configured twice: name all its client ids in one entry',
          },
        ]
      : [],
  );
}

function nameProblems({ targets }: Config): OptionProblem[] {
  const names = Object.keys(targets);
  return names.flatMap((name, index) => {
    const problem = targetNameProblem(name, names.slice(0, index));
    return problem === undefined ? [] : [{ path: `targets.${name}`, problem }];
  });
}

/** A server may accept any token under its secret, so each target needs its own. */
function secretProblems({ targets }: Config): OptionProblem[] {
  const entries = Object.entries(targets);
  return entries.flatMap(([name, { secret }], index) => {
    const same = entries.slice(0, index).find(([, other]) => isSameSecret(other.secret, secret));
    return same === undefined
      ? []
      : [
          {
            path: `targets.${name}.secret`,
            problem: `is also the secret of ${same[0]}: a server may accept any token signed with its secret, so each target needs its own`,
          },
        ];
  });
}

function ruleProblems(rule: Rule, path: string, config: Config): OptionProblem[] {
  const at = (field: string, problem: string): OptionProblem => ({ path: `${path}.${field}`, problem });
  const target = Object.hasOwn(config.targets, rule.target) ? config.targets[rule.target] : undefined;
  if (target === undefined) return [at('target', `no target is called "${rule.target}"`)];
  // The target's own problems are reported at the target.
  if (target.problems.length > 0) return [];
  const unknownIssuer =
    rule.issuer !== undefined &&
    config.issuers.length > 0 &&
    !config.issuers.some(({ issuer }) => issuer === rule.issuer);
  return [
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
    ...rule.rooms.flatMap((pattern, index) => {
      const problem = roomPatternProblem(pattern, target);
      return problem === undefined ? [] : [at(`rooms[${index}]`, problem)];
    }),
    ...(['concurrent', 'uses'] as const).flatMap((cap) =>
      rule[cap] !== undefined && !target.asksAboutTokens
        ? [
            at(
              cap,
              `needs servers that ask streampass about each token, which only red5 and mediamtx can do: leave it out for ${rule.target}`,
            ),
          ]
        : [],
    ),
    ...transportProblems(rule, target, at),
    ...(lacksServices(rule, config)
      ? [at('subject', 'no provider names a service: add the option "services" to the provider')]
      : []),
    ...(unknownIssuer ? [at('issuer', 'is not the issuer of any configured provider')] : []),
  ];
}

/** Whether a rule is for services although no matching provider names any. */
function lacksServices({ subject, issuer }: Rule, { issuers }: Config): boolean {
  const candidates = issuers.filter((one) => issuer === undefined || one.issuer === issuer);
  return subject === 'service' && candidates.length > 0 && !candidates.some(({ services }) => services);
}

function transportProblems(
  rule: Rule,
  target: Target,
  at: (field: string, problem: string) => OptionProblem,
): OptionProblem[] {
  if (rule.transports === undefined) return [];
  if (target.transports.length === 0 || target.ignoresTransports)
    return [at('transports', `${rule.target} accepts a token over every transport: leave it out`)];
  return rule.transports.flatMap((transport, index) =>
    target.transports.includes(transport)
      ? []
      : [at(`transports[${index}]`, `must be one of ${target.transports.join(', ')}`)],
  );
}
