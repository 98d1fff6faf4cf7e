import type { Config } from '../../lib/config/config.ts';
import { decideRequest } from '../../lib/exchange/decide-request.ts';
import type { Answer, Question } from '../../lib/exchange/decide-request.ts';
import { REASONS } from '../../lib/oauth/reasons.ts';
import { indexRules, matchRules } from '../../lib/policy/match-rules.ts';
import { compileRooms, fillTemplate } from '../../lib/policy/room.ts';
import type { TemplateProblem } from '../../lib/policy/room.ts';
import type { Rule } from '../../lib/policy/rule.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { allowance, whoIs } from './wording.ts';

/**
 * What a user may do on some targets, by which rule, and which rules are about somebody else: lines to print. If something
 * is asked for, the decision on it comes first. Rules are matched, and requests decided, by the code that answers requests.
 *
 * @param now epoch seconds
 */
export function explainPolicy(
  config: Config,
  targetNames: readonly string[],
  identity: Identity,
  now: number,
  question: Question = {},
): readonly string[] {
  const rules = indexRules(config.grants, config.targets, config.timing.clockSkew);
  const isAsked = Object.values(question).some((part) => part !== undefined);
  return targetNames.flatMap((name) => {
    const holding = new Set(matchRules(rules, name, identity, now).map(({ rule }) => rule));
    const matching = config.grants.filter((rule) => holding.has(rule));
    const others = config.grants.filter((rule) => rule.target === name && !holding.has(rule));
    const target = config.targets[name];
    return [
      `${name}:`,
      ...(isAsked && target !== undefined
        ? [`  ${toLine(decideRequest(rules, name, target, identity, question, now))}`]
        : []),
      ...(matching.length === 0 ? ['  nothing: no rule matches'] : []),
      ...matching.flatMap((rule) => [
        `  ${allowance(filledIn(rule, target, identity))}`,
        `    by ${pathOf(config, rule)} (${whoIs(rule)})`,
        ...emptyTemplates(rule, target, identity).map((problem) => `    but ${problem}`),
      ]),
      ...(others.length === 0 ? [] : ['  for others:']),
      ...others.map((rule) => `    ${pathOf(config, rule)} (${whoIs(rule)}): ${allowance(rule)}`),
    ];
  });
}

/** The answer that a request would get, in one line. */
function toLine(answer: Answer): string {
  if (!answer.granted) return `refused: ${answer.reason}: ${REASONS[answer.reason][1]}`;
  const { actions, rooms, transports, ttlSeconds } = answer.grant;
  const granted = { actions, rooms: rooms === '*' ? ['*'] : rooms, transports, ttl: ttlSeconds };
  return `granted: ${allowance(granted)}, by ${answer.rules.join(', ')}`;
}

function pathOf(config: Config, rule: Rule): string {
  return `grants[${config.grants.indexOf(rule)}]`;
}

/** The rule as it applies to this user: room patterns with the user's claims filled in, and a lifetime within the target's limit. */
function filledIn(rule: Rule, target: Target | undefined, { claims }: Identity): Rule {
  const rooms = rule.rooms.map((pattern) => {
    const filled = fill(pattern, target, claims);
    return typeof filled === 'string' ? filled : pattern;
  });
  const transports = rule.transports ?? target?.transports;
  return {
    ...rule,
    rooms,
    ttl: Math.min(rule.ttl, target?.longestToken ?? rule.ttl),
    ...(transports !== undefined && transports.length > 0 && { transports }),
  };
}

function fill(
  pattern: string,
  target: Target | undefined,
  claims: Identity['claims'],
): string | TemplateProblem {
  const { templates, foldCase } = compileRooms([pattern], target ?? { foldsRoomCase: false });
  const [template] = templates;
  if (template === undefined) return pattern;
  const text = fillTemplate(template, claims, foldCase);
  return typeof text === 'string' && template.prefix ? `${text}*` : text;
}

const PROBLEMS: Readonly<Record<TemplateProblem['problem'], string>> = {
  is_missing: 'is missing',
  is_no_room: 'is not a legal room name',
  has_separator: 'contains the text that separates it from what follows',
};

function emptyTemplates(rule: Rule, target: Target | undefined, { claims }: Identity): readonly string[] {
  return rule.rooms.flatMap((pattern) => {
    const filled = fill(pattern, target, claims);
    return typeof filled === 'string'
      ? []
      : [`the claim ${filled.claim} ${PROBLEMS[filled.problem]}, so ${pattern} matches nothing`];
  });
}
