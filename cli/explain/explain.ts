/** `npm run -s explain`: what the rules give, what a server would say to a token, what a change of the rules changes. */

import { run } from './run.ts';

await run(process.argv.slice(2));
