import type { Config } from '../../lib/config/config.ts';
import { indexRules, matchRules } from '../../lib/policy/match-rules.ts';
import { ROOM_NAME } from '../../lib/policy/room.ts';
import type { Rule } from '../../lib/policy/rule.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { allowance, whoIs } from './wording.ts';

/**
 * What a person may do on some targets, by which rule, and which rules are about somebody else: lines to print. The rules
 * are matched by the very code that answers requests.
 *
 * @param now epoch seconds
 */
export function explainPolicy(
  config: Config,
  targetNames: readonly string[],
  identity: Identity,
  now: number,
): readonly string[] {
  const rules = indexRules(config.grants, config.targets);
  return targetNames.flatMap((name) => {
    const holding = new Set(matchRules(rules, name, identity, now).map(({ rule }) => rule));
    const matching = config.grants.filter((rule) => holding.has(rule));
    const others = config.grants.filter((rule) => rule.target === name && !holding.has(rule));
    const target = config.targets[name];
    return [
      `${name}:`,
      ...(matching.length === 0 ? ['  nothing: no rule matches'] : []),
      ...matching.flatMap((rule) => [
        `  ${allowance(filledIn(rule, target, identity))}`,
        `    by ${pathOf(config, rule)} (${whoIs(rule)})`,
        ...emptyTemplates(rule, identity).map((problem) => `    but ${problem}`),
      ]),
      ...(others.length === 0 ? [] : ['  for others:']),
      ...others.map((rule) => `    ${pathOf(config, rule)} (${whoIs(rule)}): ${allowance(rule)}`),
    ];
  });
}

function pathOf(config: Config, rule: Rule): string {
  return `grants[${config.grants.indexOf(rule)}]`;
}

/** The rule as it comes to for this person: rooms with the claims in them, and no longer than the target allows. */
function filledIn(rule: Rule, target: Target | undefined, { claims }: Identity): Rule {
  const rooms = rule.rooms.map((pattern) =>
    pattern.replaceAll(/\$\{([^${}]+)\}/g, (template, name: string) => legalRoom(claims, name) ?? template),
  );
  const transports = rule.transports ?? target?.transports;
  return {
    ...rule,
    rooms,
    ttl: Math.min(rule.ttl, target?.longestToken ?? rule.ttl),
    ...(transports !== undefined && transports.length > 0 && { transports }),
  };
}

function emptyTemplates({ rooms }: Rule, { claims }: Identity): readonly string[] {
  const names = rooms.flatMap((pattern) =>
    [...pattern.matchAll(/\$\{([^${}]+)\}/g)].map(([, name = '']) => name),
  );
  return [...new Set(names)]
    .filter((name) => legalRoom(claims, name) === undefined)
    .map((name) =>
      Object.hasOwn(claims, name)
        ? `the claim ${name} is no legal room name, so \${${name}} matches nothing`
        : `there is no claim ${name}, so \${${name}} matches nothing`,
    );
}

function legalRoom(claims: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'string' && ROOM_NAME.test(value) ? value : undefined;
}
