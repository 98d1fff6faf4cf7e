import { build } from 'esbuild';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';
import { join } from 'node:path';
import { requireBuiltins } from './esbuild-plugins/require-builtins.ts';
import { slimSdk } from './esbuild-plugins/slim-sdk.ts';

/** One self-contained, minified ES module for Node 24, with esbuild's account of what went into it. */
export const FUNCTION_OPTIONS = {
  absWorkingDir: join(import.meta.dirname, '..'),
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  minify: true,
  legalComments: 'none',
  metafile: true,
  // Gives an ES module the `require` that it lacks, for bundled CommonJS and for Node's own modules.
  banner: {
    js: "import{createRequire as streampassRequire}from'node:module';const require=streampassRequire(import.meta.url);",
  },
  loader: { '.md': 'text', '.html': 'text' },
} as const satisfies BuildOptions;

/** Bundles a function with a configuration, and with all that makes it start fast; gives what went into it. */
export async function bundleFunction(
  entryPoint: string,
  outfile: string,
  configFile = join(FUNCTION_OPTIONS.absWorkingDir, 'streampass.config.ts'),
): Promise<Metafile> {
  const withoutKms = (await usesKms(configFile)) ? [] : [leaveOutKms];
  const { metafile } = await build({
    ...FUNCTION_OPTIONS,
    entryPoints: [entryPoint],
    outfile,
    plugins: [requireBuiltins, slimSdk, configurationOf(configFile), ...withoutKms],
    define: {
      // The SDK asks whether a body is one of these, which no body here is; Node would load web streams to say so.
      Blob: 'undefined',
      ReadableStream: 'undefined',
      'crypto.subtle.verify': 'verifyAtOnce',
      'Uint8Array.fromBase64': 'fromBase64',
    },
    inject: ['lib/jws/under-jose.ts'],
  });
  return metafile;
}

/** Puts this configuration in the place of the root's. */
function configurationOf(configFile: string): Plugin {
  return {
    name: 'configuration',
    setup: ({ onResolve }) =>
      onResolve({ filter: /\/streampass\.config\.ts$/ }, () => ({ path: configFile })),
  };
}

/** Answers that are under way: the functions of a project are built at one time, and ask the same. */
const asked = new Map<string, Promise<boolean>>();

function usesKms(configFile: string): Promise<boolean> {
  const answer = asked.get(configFile) ?? callsKms(configFile).finally(() => asked.delete(configFile));
  asked.set(configFile, answer);
  return answer;
}

/** Whether a configuration can call `kms()`, in whatever stage: whether the function is in a bundle of it. */
async function callsKms(configFile: string): Promise<boolean> {
  const { metafile } = await build({
    ...FUNCTION_OPTIONS,
    stdin: { contents: `export { default } from ${JSON.stringify(configFile)};`, resolveDir: '/' },
    outfile: 'config.mjs',
    write: false,
  });
  return Object.values(metafile.outputs).some(({ inputs }) =>
    Object.entries(inputs).some(
      ([file, { bytesInOutput }]) => /(^|\/)lib\/config\/kms\.ts$/.test(file) && bytesInOutput > 0,
    ),
  );
}

/** Leaves out what talks to KMS, a client of the SDK: no target needs it, so nothing calls what stands in its place. */
const leaveOutKms: Plugin = {
  name: 'leave-out-kms',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/functions\/wiring\/kms(-rotation)?\.ts$/ }, () => ({
      contents: 'export let kmsReader, kmsSecretsOf;',
    })),
};

/** Bundles the node agent, with the SDK's own ways to credentials; gives what went into it. */
export async function bundleNodeAgent(entryPoint: string, outfile: string): Promise<Metafile> {
  const { metafile } = await build({
    ...FUNCTION_OPTIONS,
    target: 'node22',
    entryPoints: [entryPoint],
    outfile,
  });
  return metafile;
}
