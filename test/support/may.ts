import type { Config } from '../../lib/config/config.ts';
import { decideRequest } from '../../lib/exchange/decide-request.ts';
import type { Question } from '../../lib/exchange/decide-request.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { indexRules } from '../../lib/policy/match-rules.ts';

const NOW = 1_900_000_000;

/** `yes`, or the reason why `/token` would refuse: for a table of who may do what. */
export function may(config: Config, who: Partial<Identity>, targetName: string, asked: Question): string {
  const target = config.targets[targetName];
  if (target === undefined) return 'target_unknown';
  const rules = indexRules(config.grants, config.targets, config.timing.clockSkew);
  const user = { issuer: '', subject: 'user', groups: [], claims: {}, expiresAt: NOW + 3600, ...who };
  const answer = decideRequest(rules, targetName, target, user, asked, NOW);
  return answer.granted ? 'yes' : answer.reason;
}
