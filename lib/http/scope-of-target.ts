import type { Target } from '../targets/target.ts';
import type { TokenRequest } from './parse-token-request.ts';

/**
 * A request for several targets with the part of its `scope` that is one target's: the actions it knows, and those that none
 * of them knows, which it is to refuse. Where that is none, the target is asked for all that the rules allow.
 *
 * @param targets all targets of the request
 */
export function withScopeOf(target: Target, targets: readonly Target[], request: TokenRequest): TokenRequest {
  const { scope, ...rest } = request;
  const own = scope?.filter(
    (action) => target.actions.includes(action) || !targets.some(({ actions }) => actions.includes(action)),
  );
  return own === undefined || own.length === 0 ? rest : { ...rest, scope: own };
}
