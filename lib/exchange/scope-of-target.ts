import type { Target } from '../media-servers/target.ts';
import type { TokenRequest } from './parse-token-request.ts';

/**
 * A request for several targets with the part of its `scope` that is one target's: the actions it knows, and those that none
 * of them knows, which it is to refuse. A `scope` that names no action of this target stays whole and is refused too: nobody
 * gets more of one server for having named actions of another.
 *
 * @param targets all targets of the request
 */
export function withScopeOf(target: Target, targets: readonly Target[], request: TokenRequest): TokenRequest {
  const own = request.scope?.filter(
    (action) => target.actions.includes(action) || !targets.some(({ actions }) => actions.includes(action)),
  );
  return own === undefined || own.length === 0 ? request : { ...request, scope: own };
}
