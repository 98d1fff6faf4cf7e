import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

const BUILTIN = new RegExp(`^(node:)?(${builtinModules.join('|')})$`);

/**
 * Loads Node's own modules by `require`. An `import` of one in an ES module reads all of its members, also those that are
 * made when they are read first: of `node:http` they load undici, of `node:fs` its promises and streams, of `node:crypto` the
 * whole of WebCrypto; a quarter of a cold start for nothing that is used here.
 *
 * @see nodejs/node#57649, nodejs/node#59686
 */
export const requireBuiltins: Plugin = {
  name: 'require-builtins',
  setup(build) {
    build.onResolve({ filter: BUILTIN }, ({ path, namespace }) =>
      namespace === 'require-builtins' ? { path, external: true } : { path, namespace: 'require-builtins' },
    );
    build.onLoad({ filter: /.*/, namespace: 'require-builtins' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};
