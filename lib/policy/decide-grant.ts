import type { Identity } from '../identity/identity.ts';
import type { Reason } from '../oauth/reasons.ts';
import type { Target } from '../media-servers/target.ts';
import { isWider, narrowerCaps } from './caps.ts';
import type { Caps } from './caps.ts';
import type { Grant, Transport } from './grant.ts';
import { allows } from './compiled-rule.ts';
import type { CompiledRule, Wanted } from './compiled-rule.ts';
import { matchRooms } from './room.ts';
import type { RoomMatcher } from './room.ts';

/** A request, with names as the target spells them. */
export interface GrantRequest {
  /** Left out: all that the rules allow. */
  readonly actions?: readonly string[];
  /** Folded to the target's case; left out: any room. */
  readonly rooms?: readonly string[];
  /** Left out: all that the rules allow. */
  readonly transports?: readonly Transport[];
  /** Lifetime wanted, in seconds. */
  readonly expiresIn?: number;
}

/** Why a request is refused: a reason of `invalid_scope`. */
export type Refusal = Extract<
  Reason,
  | 'target_not_allowed'
  | 'action_unknown'
  | 'join_needed'
  | 'scope_needed'
  | 'one_action_only'
  | 'room_needed'
  | 'action_not_allowed'
  | 'room_not_allowed'
  | 'transport_not_allowed'
  | 'combination_not_allowed'
>;

/** A grant, or the first reason of the refusal. */
export type Decision =
  { readonly granted: true; readonly grant: Grant } | { readonly granted: false; readonly reason: Refusal };

/** A target without transports gets one without a name, so that all combinations have three parts. */
const NO_TRANSPORT = 'none';
type Way = Transport | typeof NO_TRANSPORT;

/** One matching rule and the requested rooms that it allows. */
interface Allowance {
  readonly actions: readonly string[];
  readonly rooms: RoomMatcher;
  readonly ways: readonly Way[];
  readonly ttlSeconds: number;
  readonly caps: Caps;
}

/**
 * Decides a request by the rules that match a user. A server accepts every combination of a token's actions, rooms and
 * transports. So a request is granted only if, for each combination, one single rule allows it. A request for more is refused
 * as a whole. Only the lifetime is shortened: to the requested one, to the target's limit, and to the shortest that a
 * combination allows. The caps are the narrowest of these combinations.
 *
 * @param matching the rules of `target` whose conditions hold for `identity`: all that may allow the requested rooms
 * @param now epoch seconds
 * @param someRule whether any rule that matches the user allows this in some room; used only for the reason · default: the
 *   rules in `matching`
 */
export function decideGrant(
  matching: readonly CompiledRule[],
  target: Target,
  identity: Identity,
  request: GrantRequest,
  now: number,
  someRule: (wanted: Wanted) => boolean = (wanted) => matching.some((rule) => allows(rule, wanted)),
): Decision {
  if (matching.length === 0 && !someRule({})) return refuse('target_not_allowed');
  if (request.actions?.some((action) => !target.actions.includes(action))) return refuse('action_unknown');
  if (request.actions && lacksCompanion(request.actions, target)) return refuse('join_needed');
  if (target.namesRooms && request.rooms === undefined) return refuse('room_needed');

  const rules = matching.map((compiled) => toAllowance(compiled, target, identity, now));
  const rooms = request.rooms ?? ['*'];
  const askedWays: readonly Way[] | undefined =
    target.transports.length === 0 ? [NO_TRANSPORT] : request.transports;
  const knownWays: readonly Way[] = askedWays ?? target.transports;
  const allowedEverywhere = (action: string, way: Way): boolean =>
    rooms.every((room) => bestRule(rules, action, room, way) !== undefined);

  const actions =
    request.actions ?? widestActions(target, knownWays, askedWays !== undefined, allowedEverywhere);
  const ways =
    askedWays ?? knownWays.filter((way) => actions.every((action) => allowedEverywhere(action, way)));
  const refusal = (): Decision =>
    refuse(firstDenied(rules, request.actions ?? [], rooms, askedWays, someRule));
  if (actions.length === 0) return refusal();
  if (target.oneAction && actions.length > 1) return refuse('one_action_only');
  if (ways.length === 0 && request.actions === undefined) return refuse('scope_needed');

  let ttlSeconds = Math.min(target.longestToken, request.expiresIn ?? Infinity);
  let caps: Caps = {};
  for (const action of actions) {
    for (const room of rooms) {
      for (const way of ways) {
        const rule = bestRule(rules, action, room, way);
        if (rule === undefined) return refusal();
        ttlSeconds = Math.min(ttlSeconds, rule.ttlSeconds);
        caps = narrowerCaps(caps, rule.caps);
      }
    }
  }
  if (ways.length === 0 || ttlSeconds < 1) return refusal();
  return {
    granted: true,
    grant: {
      actions: target.actions.filter((action) => actions.includes(action)),
      rooms: request.rooms ?? '*',
      transports: target.transports.filter((transport) => ways.includes(transport)),
      ttlSeconds: Math.floor(ttlSeconds),
      ...caps,
    },
  };
}

function refuse(reason: Refusal): Decision {
  return { granted: false, reason };
}

function lacksCompanion(actions: readonly string[], target: Target): boolean {
  return Object.entries(target.needs ?? {}).some(
    ([action, companion]) => actions.includes(action) && !actions.includes(companion),
  );
}

function toAllowance(compiled: CompiledRule, target: Target, identity: Identity, now: number): Allowance {
  const { rule } = compiled;
  return {
    actions: rule.actions,
    rooms: matchRooms(compiled.rooms, identity.claims),
    ways: target.transports.length === 0 ? [NO_TRANSPORT] : compiled.transports,
    ttlSeconds: rule.withinSignIn ? Math.min(rule.ttl, identity.expiresAt - now) : rule.ttl,
    caps: rule,
  };
}

/**
 * The rule that allows one combination for the longest time, and among equals the one with the wider caps; `undefined` if
 * none allows it. Lifetime and caps always come from the same rule.
 */
function bestRule(
  rules: readonly Allowance[],
  action: string,
  room: string,
  way: Way,
): Allowance | undefined {
  let best: Allowance | undefined;
  for (const rule of rules) {
    if (rule.ttlSeconds < 1 || (best !== undefined && !isBetter(rule, best))) continue;
    if (rule.actions.includes(action) && rule.ways.includes(way) && roomAllowed(rule, room)) best = rule;
  }
  return best;
}

function isBetter(rule: Allowance, best: Allowance): boolean {
  if (rule.ttlSeconds !== best.ttlSeconds) return rule.ttlSeconds > best.ttlSeconds;
  return isWider(rule.caps, best.caps);
}

function roomAllowed(rule: Allowance, room: string): boolean {
  return room === '*' ? rule.rooms.any : rule.rooms.matches(room);
}

/**
 * The actions to grant if the request names none: those that are allowed in every requested room, over each requested
 * transport, or over some transport if none is requested. An action is left out if it needs another one that is not allowed.
 */
function widestActions(
  target: Target,
  ways: readonly Way[],
  waysAsked: boolean,
  allowedEverywhere: (action: string, way: Way) => boolean,
): readonly string[] {
  const allowed = target.actions.filter((action) =>
    waysAsked
      ? ways.every((way) => allowedEverywhere(action, way))
      : ways.some((way) => allowedEverywhere(action, way)),
  );
  return allowed.filter((action) => {
    const companion = target.needs?.[action];
    return companion === undefined || allowed.includes(companion);
  });
}

/**
 * The first of actions, rooms and transports with a member that no rule allows on its own. If the request names no action,
 * only the room or the transport can be the reason.
 *
 * @param rules those that may allow the rooms
 */
function firstDenied(
  rules: readonly Allowance[],
  actions: readonly string[],
  rooms: readonly string[],
  ways: readonly Way[] = [],
  someRule: (wanted: Wanted) => boolean,
): Refusal {
  if (!actions.every((action) => someRule({ action }))) return 'action_not_allowed';
  if (!rooms.every((room) => rules.some((rule) => roomAllowed(rule, room)))) return 'room_not_allowed';
  if (!ways.every((way) => someRule(way === NO_TRANSPORT ? {} : { transport: way })))
    return 'transport_not_allowed';
  return 'combination_not_allowed';
}
