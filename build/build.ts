/** `npm run build`: checks the configuration, then bundles the functions with it, the node agent, and the client; writes what is in them. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildClient } from '../client/build.ts';
import { billOfMaterials, bundledPackages, licencesOf } from './bill-of-materials.ts';
import { buildFunctions } from './build-functions.ts';
import { bundleFunction, bundleNodeAgent } from './bundle.ts';
import { loadConfigFile } from './load-config-file.ts';
import { sourcesOf } from './sources.ts';

const root = join(import.meta.dirname, '..');
const configFile = join(root, 'streampass.config.ts');

const { problems, warnings } = await loadConfigFile(configFile, {
  stage: process.env['STREAMPASS_STAGE'] || 'local',
  env: process.env,
});
for (const line of [...problems, ...warnings]) console.error(line);
if (problems.length > 0) process.exit(1);

const [functions, stack, nodeAgent] = await Promise.all([
  buildFunctions(configFile, join(root, 'dist')),
  // What serverless.yml is completed with: the same configuration as the functions'.
  bundleFunction(join(root, 'infra/stack/load-stack.ts'), join(root, 'dist/infra/stack.mjs'), configFile),
  bundleNodeAgent(join(root, 'node-agent/main.ts'), join(root, 'dist/node/streampass-node.mjs')),
  buildClient(),
]);

await writeFile(
  join(root, 'dist/sources.json'),
  JSON.stringify(await sourcesOf(root, [...functions, stack])),
);

const packages = await bundledPackages([...functions, nodeAgent]);
// In the zip of each function (infra/stack/functions.ts), and beside the agent.
for (const folder of ['dist', 'dist/node'])
  await writeFile(join(root, folder, 'LICENSES.txt'), licencesOf(packages));
await writeFile(
  join(root, 'dist/sbom.json'),
  `${JSON.stringify(await billOfMaterials(packages), null, 2)}\n`,
);
