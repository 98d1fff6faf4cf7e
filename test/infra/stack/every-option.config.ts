/** The configuration with everything that a stack can have, as a file. */

import { EVERY_OPTION, SCENARIOS } from '../generated/scenarios.ts';

export default SCENARIOS[EVERY_OPTION];
