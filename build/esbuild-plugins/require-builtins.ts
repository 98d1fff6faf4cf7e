import { builtinModules, createRequire } from 'node:module';
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
    build.onResolve({ filter: BUILTIN }, ({ path, namespace, kind }) => {
      if (namespace.startsWith('require-builtins')) return { path, external: true };
      return { path, namespace: kind === 'import-statement' ? 'require-builtins' : 'require-builtins-whole' };
    });
    build.onLoad({ filter: /.*/, namespace: 'require-builtins-whole' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
    build.onLoad({ filter: /.*/, namespace: 'require-builtins' }, ({ path }) => ({
      contents: asEsModule(path),
    }));
  },
};

/** An ES module with the members of one of Node's. Those that a bundle does not use are neither read nor in it. */
function asEsModule(path: string): string {
  const members = Object.keys(createRequire(import.meta.url)(path) as object);
  return [
    `const builtin = require(${JSON.stringify(path)});`,
    'export default builtin;',
    ...members
      .filter((name) => /^[a-z]\w*$/i.test(name))
      .map(
        (name) =>
          `const _${name} = /* @__PURE__ */ (() => builtin.${name})(); export { _${name} as ${name} };`,
      ),
  ].join('\n');
}
