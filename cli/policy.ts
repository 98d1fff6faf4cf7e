/** `npm run -s policy`: the rules as code. Its commands are `lint` (the default), `explain` and `diff`. */

import { run } from './explain/run.ts';

const [command = 'lint', ...rest] = process.argv.slice(2);
await run([command === 'explain' ? 'policy' : command, ...rest]);
