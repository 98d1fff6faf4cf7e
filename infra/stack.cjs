'use strict';

// The parts of serverless.yml that follow from streampass.config.ts, as `npm run build` left it. It is CommonJS, because osls
// loads nothing else. osls calls it once for each part.

let loaded;

/** @returns {Promise<import('./stack/stack.ts').Stack>} if there are problems, it prints a line for each and ends the process */
module.exports = async ({ options, resolveVariable }) => {
  loaded ??= load(resolveVariable, options);
  return loaded;
};

async function load(resolveVariable, options) {
  const stage = await resolveVariable('sls:stage');
  const region = await resolveVariable('self:provider.region');
  const { loadStack } = await import('../dist/infra/stack.mjs').catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return fail(['dist/infra/stack.mjs is missing: run npm run build first']);
  });
  const params = [options.param ?? []].flat();
  const result = await loadStack({ stage, region, host: process, params });
  return result.ok ? result.stack : fail(result.problems);
}

function fail(problems) {
  for (const problem of problems) console.error(problem);
  process.exit(1);
}
