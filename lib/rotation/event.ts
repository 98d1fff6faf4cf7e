import type { Action } from './rotate.ts';

/** What `rotate` may be told, as JSON; anything else is refused rather than guessed at. */
const KNOWN =
  '{"action":"start"}, {"action":"start","emergency":true}, {"action":"advance"}, {"action":"status"} or {"action":"abort"}';

/**
 * The action that an event names.
 *
 * @param event as the schedule or an operator sent it
 * @throws {TypeError} an event that is not one of the known ones; the message says which are
 */
export function parseRotateEvent(event: unknown): Action {
  if (typeof event !== 'object' || event === null || Array.isArray(event))
    throw unknownEvent('is no JSON object');
  const { action, emergency = false, ...others } = event as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) throw unknownEvent('has a member that means nothing here');
  if (typeof emergency !== 'boolean') throw unknownEvent('has an "emergency" that is neither true nor false');
  if (emergency && action !== 'start') throw unknownEvent('has an "emergency" without the action "start"');
  switch (action) {
    case 'start':
      return emergency ? 'emergency' : 'start';
    case 'advance':
    case 'status':
    case 'abort':
      return action;
    default:
      throw unknownEvent(action === undefined ? 'has no "action"' : 'has an unknown "action"');
  }
}

function unknownEvent(what: string): TypeError {
  return new TypeError(`The event ${what}. Known are ${KNOWN}.`);
}
