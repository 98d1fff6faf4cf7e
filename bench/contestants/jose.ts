/** jose alone. */

import { signByJose, verifyByJose } from './jose-parts.ts';
import { tokenHandler } from './whole-job.ts';

export const handler = tokenHandler({ verify: verifyByJose, sign: signByJose });
