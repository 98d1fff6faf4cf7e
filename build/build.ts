/** `npm run build`: checks the configuration, then bundles the functions with it, the node agent, and the client. */

import { join } from 'node:path';
import { buildClient } from '../client/build.ts';
import { buildFunctions } from './build-functions.ts';
import { bundleNodeAgent } from './bundle.ts';
import { loadConfigFile } from './load-config-file.ts';

const root = join(import.meta.dirname, '..');
const configFile = join(root, 'streampass.config.ts');

const { problems, warnings } = await loadConfigFile(configFile, {
  stage: process.env['STREAMPASS_STAGE'] || 'local',
  env: process.env,
});
for (const line of [...problems, ...warnings]) console.error(line);
if (problems.length > 0) process.exit(1);

await Promise.all([
  buildFunctions(configFile, join(root, 'dist')),
  bundleNodeAgent(join(root, 'node-agent/main.ts'), join(root, 'dist/node/streampass-node.mjs')),
  buildClient(),
]);
