import * as v from 'valibot';
import type { Identity } from '../identity/identity.ts';
import { dictionary, ownFunction, wholeNumber } from '../options/schemas.ts';
import { LARGEST_CAP } from '../policy/caps.ts';
import { TRANSPORTS } from '../policy/grant.ts';
import type { Rule } from '../policy/rule.ts';

const claimValue = v.union(
  [v.string(), v.number(), v.boolean()],
  'must be a string, a number, true or false, or an array of these',
);

const cap = v.pipe(
  v.number(),
  v.check(
    (value) => Number.isSafeInteger(value) && value >= 1 && value <= LARGEST_CAP,
    `must be a whole number from 1 to ${LARGEST_CAP}`,
  ),
);

/**
 * The shape of a rule. Unknown members and `undefined` are refused. Otherwise a misspelt condition would be ignored, and the
 * rule would match everyone.
 */
export const ruleSchema: v.GenericSchema<unknown, Rule> = v.strictObject({
  target: v.string(),
  actions: v.pipe(v.array(v.string()), v.minLength(1, 'must name an action')),
  rooms: v.pipe(v.array(v.string()), v.minLength(1, 'must name a room, a prefix or "*"')),
  transports: v.exactOptional(
    v.pipe(
      v.array(v.picklist(TRANSPORTS)),
      v.minLength(1, 'must name a transport; leave it out to allow any'),
    ),
  ),
  ttl: wholeNumber(60),
  withinSignIn: v.exactOptional(v.boolean()),
  concurrent: v.exactOptional(cap),
  uses: v.exactOptional(cap),
  streamKeys: v.exactOptional(v.strictObject({ longest: wholeNumber(60) })),
  subject: v.exactOptional(v.literal('service', 'must be "service"; leave it out for users')),
  group: v.exactOptional(v.pipe(v.string(), v.minLength(1, 'must not be empty'))),
  issuer: v.exactOptional(v.string()),
  signedInWithin: v.exactOptional(wholeNumber(1)),
  claims: v.exactOptional(
    v.pipe(
      dictionary(
        v.lazy((input): v.GenericSchema<unknown, Scalar | Scalar[]> =>
          Array.isArray(input) ? v.array(claimValue) : claimValue,
        ),
      ),
      v.check((claims) => Object.keys(claims).length > 0, 'must name a claim; leave it out to ask for none'),
    ),
  ),
  when: v.exactOptional(ownFunction<(identity: Identity) => boolean>()),
});

type Scalar = string | number | boolean;
