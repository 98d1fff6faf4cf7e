import type { Rule, Who } from '../../lib/policy/rule.ts';

/** A lifetime as people say it: `15 min`, `1 h`, `90 s`. */
export function duration(seconds: number): string {
  if (seconds >= 3600 && seconds % 3600 === 0) return `${seconds / 3600} h`;
  if (seconds >= 60 && seconds % 60 === 0) return `${seconds / 60} min`;
  return `${Math.round(seconds)} s`;
}

/** The conditions of a rule, one string each, such as `group viewers`; none if the rule is for everyone signed in. */
export function conditionsOf(who: Who): readonly string[] {
  return [
    ...(who.subject === undefined ? [] : [who.subject]),
    ...(who.group === undefined ? [] : [`group ${who.group}`]),
    ...(who.issuer === undefined ? [] : [`issuer ${who.issuer}`]),
    ...Object.entries(who.claims ?? {}).map(([name, wanted]) => `claim ${name} = ${oneOf(wanted)}`),
    ...(who.signedInWithin === undefined ? [] : [`signed in within ${duration(who.signedInWithin)}`]),
    ...(who.when === undefined ? [] : [`condition ${who.when.toString().replaceAll(/\s+/g, ' ')}`]),
  ];
}

/** The users to whom a rule applies. */
export function whoIs(who: Who): string {
  const conditions = conditionsOf(who);
  return conditions.length === 0 ? 'everyone signed in' : conditions.join(', ');
}

/** What a rule allows, in one line. */
export function allowance(
  rule: Pick<Rule, 'actions' | 'rooms' | 'transports' | 'ttl' | 'withinSignIn'>,
): string {
  const over =
    rule.transports === undefined || rule.transports.length === 0 ? '' : ` over ${rule.transports.join(' ')}`;
  const end = rule.withinSignIn ? ', and no longer than the sign-in' : '';
  return `${rule.actions.join(' ')} in ${rule.rooms.map(roomName).join(', ')}${over} for at most ${duration(rule.ttl)}${end}`;
}

/** A room pattern as people say it. */
export function roomName(pattern: string): string {
  return pattern === '*' ? 'any room' : pattern;
}

function oneOf(wanted: unknown): string {
  return (Array.isArray(wanted) ? wanted : [wanted]).map((value) => JSON.stringify(value)).join(' or ');
}
