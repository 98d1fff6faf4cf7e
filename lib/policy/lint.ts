import type { Issuer } from '../identity/issuer.ts';
import { canSendGroup } from '../identity/groups.ts';
import type { Target } from '../media-servers/target.ts';
import { patternsMeet } from './patterns-meet.ts';
import { covers, foldPattern, permissionsOf } from './permissions.ts';
import type { Policy } from './permissions.ts';
import type { Rule } from './rule.ts';

/** The kinds of findings about valid rules. A kind keeps its name, so that programs and people can refer to it. */
export const FINDING_KINDS = [
  'never_matches',
  'group_not_sent',
  'group_case',
  'shadowed',
  'tenants_meet',
  'no_issuer',
  'any_room',
] as const;

/** One of {@link FINDING_KINDS}. */
export type FindingKind = (typeof FINDING_KINDS)[number];

/** One thing that the author of a rule should know. */
export interface Finding {
  readonly kind: FindingKind;
  /** Such as `grants[2]` or `grants[2].rooms[0]`. */
  readonly path: string;
  readonly text: string;
}

/** A policy, and the providers whose users it is about. */
export interface LintedPolicy extends Policy {
  readonly issuers: readonly Issuer[];
}

/**
 * Findings about valid rules: rules that can never match, that another rule makes useless, that let users of two tenants
 * meet, or that reach any room. Rules with mistakes are skipped, because `configProblems` reports them.
 */
export function lintPolicy(policy: LintedPolicy): readonly Finding[] {
  return [
    ...policy.grants.flatMap((rule, position) => [
      ...whoFindings(rule, `grants[${position}]`, policy),
      ...groupCaseFindings(rule, position, policy),
      ...roomFindings(rule, `grants[${position}]`),
      ...companionFindings(rule, `grants[${position}]`, policy),
    ]),
    ...shadowFindings(policy),
    ...meetingFindings(policy),
  ];
}

/** Whether users of several providers could match a rule that was probably written for one provider. */
export function lacksIssuer(rule: Rule, issuers: readonly Issuer[]): boolean {
  const isAboutSome = rule.group !== undefined || rule.claims !== undefined || rule.rooms.some(hasClaim);
  const vouching = rule.subject === 'service' ? issuers.filter(({ services }) => services) : issuers;
  return vouching.length > 1 && rule.issuer === undefined && isAboutSome;
}

function hasClaim(pattern: string): boolean {
  return pattern.includes('${');
}

function whoFindings(rule: Rule, path: string, { issuers }: LintedPolicy): readonly Finding[] {
  const { group, issuer } = rule;
  const candidates = issuers.filter((one) => issuer === undefined || one.issuer === issuer);
  const isSent =
    group === undefined ||
    candidates.length === 0 ||
    candidates.some((one) => canSendGroup(one.groupSources, group));
  const empty = Object.entries(rule.claims ?? {}).filter(([, wanted]) => [wanted].flat().length === 0);
  return [
    ...(isSent
      ? []
      : [
          {
            kind: 'group_not_sent' as const,
            path: `${path}.group`,
            text: `no token of ${candidates.map((one) => one.issuer).join(' or ')} contains a group "${group}", as this provider is configured`,
          },
        ]),
    ...empty.map(([name]) => ({
      kind: 'never_matches' as const,
      path: `${path}.claims.${name}`,
      text: 'accepts no value, so no user matches',
    })),
    ...(lacksIssuer(rule, issuers)
      ? [
          {
            kind: 'no_issuer' as const,
            path,
            text: 'names no issuer, so users of every provider can match it, by a group or claim of the same name',
          },
        ]
      : []),
  ];
}

/** A group that an earlier rule spells in another case: providers take the two for different groups. */
function groupCaseFindings({ group }: Rule, position: number, { grants }: LintedPolicy): readonly Finding[] {
  const before = grants.slice(0, position).flatMap((rule) => rule.group ?? []);
  const other = before.find((one) => one !== group && one.toLowerCase() === group?.toLowerCase());
  if (other === undefined) return [];
  const text = `"${group}" and "${other}" are two groups: names of groups are compared letter by letter`;
  return [{ kind: 'group_case', path: `grants[${position}].group`, text }];
}

function roomFindings(rule: Rule, path: string): readonly Finding[] {
  return rule.rooms.flatMap((pattern, index): Finding[] => {
    const at = `${path}.rooms[${index}]`;
    if (pattern === '*') return [{ kind: 'any_room', path: at, text: 'reaches any room' }];
    return /\}(?:\*|\$\{)/.test(pattern)
      ? [
          {
            kind: 'tenants_meet',
            path: at,
            text: `nothing separates the claim from what follows it, so the user with "acme" reaches rooms of the user with "acme2": put a character between, such as "~"`,
          },
        ]
      : [];
  });
}

/** An action such as `moderate` that needs another one (`join`) which no rule allows. */
function companionFindings(rule: Rule, path: string, { grants, targets }: LintedPolicy): readonly Finding[] {
  const needs = Object.hasOwn(targets, rule.target) ? targets[rule.target]?.needs : undefined;
  return rule.actions.flatMap((action, index): Finding[] => {
    const companion = needs?.[action];
    const isAllowed = grants.some(
      (other) => other.target === rule.target && companion !== undefined && other.actions.includes(companion),
    );
    return companion === undefined || isAllowed
      ? []
      : [
          {
            kind: 'never_matches',
            path: `${path}.actions[${index}]`,
            text: `${action} needs ${companion}, which no rule allows`,
          },
        ];
  });
}

/** Rules that allow nothing that another rule does not allow to the same users, for at least as long. */
function shadowFindings(policy: LintedPolicy): readonly Finding[] {
  const byPosition = Map.groupBy(permissionsOf(policy), ({ position }) => position);
  return [...byPosition].flatMap(([position, own]) => {
    const shadow = [...byPosition].find(([other, theirs]) => {
      if (other === position) return false;
      const isCovered = own.every((narrow) =>
        theirs.some((wide) => covers(wide, narrow) && wide.ttlSeconds >= narrow.ttlSeconds),
      );
      // If two rules allow the same, the later one is reported.
      const isSame =
        isCovered &&
        theirs.every((narrow) =>
          own.some((wide) => covers(wide, narrow) && wide.ttlSeconds >= narrow.ttlSeconds),
        );
      return isCovered && (!isSame || other < position);
    });
    return shadow === undefined
      ? []
      : [
          {
            kind: 'shadowed' as const,
            path: `grants[${position}]`,
            text: `allows nothing that grants[${shadow[0]}] does not allow to the same users`,
          },
        ];
  });
}

/** Pairs of rules, one for each of two providers, with a room in common. */
function meetingFindings({ grants, targets }: LintedPolicy): readonly Finding[] {
  const rules = grants.map((rule, position) => ({ rule, position }));
  return rules.flatMap(({ rule, position }) => {
    const target = Object.hasOwn(targets, rule.target) ? targets[rule.target] : undefined;
    if (target === undefined || rule.issuer === undefined) return [];
    const others = rules.filter(
      (other) =>
        other.position > position &&
        other.rule.target === rule.target &&
        other.rule.issuer !== undefined &&
        other.rule.issuer !== rule.issuer,
    );
    const met = others.find((other) => roomsMeet(rule, other.rule, target));
    return met === undefined
      ? []
      : [
          {
            kind: 'tenants_meet' as const,
            path: `grants[${position}].rooms`,
            text: `shares a room with grants[${met.position}], whose users are of another issuer`,
          },
        ];
  });
}

function roomsMeet(one: Rule, other: Rule, target: Target): boolean {
  return one.rooms.some((pattern) =>
    other.rooms.some((theirs) => patternsMeet(foldPattern(pattern, target), foldPattern(theirs, target))),
  );
}
