'use strict';

// A command that deploys does three things beside CloudFormation. It refuses what must not be deployed, and a template that AWS
// would not take; and it sets `deploy.terminationProtection`, for which CloudFormation has no property.

const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

module.exports = function Deployment(serverless, options) {
  const { custom } = serverless.service;
  const end = (problems) => {
    for (const problem of problems) console.error(problem);
    if (problems.length > 0) process.exit(1);
  };
  const refuse = async () => end([...changedSources(serverless.serviceDir), ...custom.refusals]);
  this.hooks = {
    'before:package:cleanup': refuse,
    'before:deploy:deploy': refuse,
    'before:deploy:function:initialize': refuse,
    // The template is complete, and not yet written: nothing is left that `deploy --package` would take.
    'before:aws:package:finalize:saveServiceState': async () => {
      const { limitProblems } = await import(
        pathToFileURL(join(serverless.serviceDir, 'dist/infra/stack.mjs')).href
      );
      const { compiledCloudFormationTemplate: template, region } = serverless.service.provider;
      end(limitProblems(template, region));
    },
    'before:invoke:local:invoke': async () => {
      // `osls invoke local` loads a handler by `require`, which does not find `.mjs` and refuses top-level await.
      const { handler } = serverless.service.getFunction(options.function);
      const file = join(serverless.serviceDir, handler.replace(/\.handler$/, '.mjs'));
      const loaded = await import(pathToFileURL(file).href);
      require.extensions['.mjs'] = (module) => {
        module.exports = loaded;
      };
    },
    'after:deploy:deploy': async () => {
      const provider = serverless.getProvider('aws');
      await provider.request('CloudFormation', 'updateTerminationProtection', {
        StackName: provider.naming.getStackName(),
        EnableTerminationProtection: custom.terminationProtection,
      });
    },
  };
};

/** A line if a source has changed since the last `npm run build`: osls would deploy the older build. */
function changedSources(folder) {
  const read = (file) => {
    try {
      return readFileSync(join(folder, file));
    } catch {
      return undefined;
    }
  };
  const sources = JSON.parse(read('dist/sources.json') ?? 'null');
  if (sources === null) return ['dist/sources.json is missing: run npm run build first'];
  const changed = Object.entries(sources).filter(
    ([file, hash]) =>
      createHash('sha256')
        .update(read(file) ?? '')
        .digest('hex') !== hash,
  );
  return changed.slice(0, 1).map(([file]) => `${file} was changed after the build: run npm run build first`);
}
