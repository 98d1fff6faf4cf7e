import type { Plugin } from 'esbuild';
import { readFile } from 'node:fs/promises';

interface Replacement {
  readonly file: RegExp;
  readonly contents: string;
}

/**
 * Parts of the AWS SDK that a Lambda function never uses and pays for in each cold start. What replaces them has the same
 * exports, and what the SDK reads from the environment (`AWS_REGION`, `AWS_ENDPOINT_URL_SECRETS_MANAGER`) stays.
 */
const REPLACEMENTS: readonly Replacement[] = [
  {
    // Lambda gives credentials in the environment. The other providers of the chain (profiles, single sign-on, instance
    // metadata, web identity) and the clients of the services behind them are a third of the bundle.
    file: /@aws-sdk\/credential-provider-node\/dist-es\/index\.js$/,
    contents: "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
  },
  {
    // Lambda has no ~/.aws: the SDK takes a file that cannot be read for an empty one. This one loads fs/promises.
    file: /@smithy\/core\/dist-es\/submodules\/config\/shared-ini-file-loader\/readFile\.js$/,
    contents: `export const filePromises = {}, fileIntercept = {};
      export const readFile = () => Promise.reject(new Error('there are no shared configuration files'));`,
  },
  {
    file: /@smithy\/core\/dist-es\/submodules\/config\/shared-ini-file-loader\/getSSOTokenFromFile\.js$/,
    contents: `export const tokenIntercept = {};
      export const getSSOTokenFromFile = () => Promise.reject(new Error('there is no single sign-on'));`,
  },
  {
    // No call here streams events. Imported in the middle of the SDK, they make esbuild wrap each of its modules in a function
    // that is parsed twice.
    file: /@smithy\/core\/dist-es\/submodules\/event-streams\/index\.js$/,
    contents: `export class EventStreamSerde {
      constructor() { throw new Error('there are no event streams'); }
    }`,
  },
  {
    // No body here is a file. To tell one, this loads the streams of fs.
    file: /@smithy\/core\/dist-es\/submodules\/serde\/util-body-length\/calculateBodyLength\.js$/,
    contents: 'export const calculateBodyLength = (body) => (body ? Buffer.byteLength(body) : 0);',
  },
  {
    // Loads zlib, for checksums of streams.
    file: /@smithy\/core\/dist-es\/submodules\/checksum\/crc32\/Crc32Node\.js$/,
    contents: "export { Crc32Js as Crc32Node } from './Crc32Js';",
  },
  {
    // Takes UUIDs from the global `crypto`, which loads WebCrypto.
    file: /@smithy\/core\/dist-es\/submodules\/serde\/uuid\/v4\.js$/,
    contents: "import { randomUUID } from 'node:crypto'; export const bindV4 = () => () => randomUUID();",
  },
  {
    // No command here discovers its endpoint. The cache for that brings two packages.
    file: /@aws-sdk\/endpoint-cache\/dist-es\/EndpointCache\.js$/,
    contents: 'export class EndpointCache {}',
  },
  {
    // For a Node without OpenSSL.
    file: /@smithy\/core\/dist-es\/submodules\/checksum\/sha256\/Sha256Js\.js$/,
    contents: `export class Sha256Js {
      constructor() { throw new Error('Node has its own SHA-256'); }
    }`,
  },
];

/** Leaves out of the AWS SDK what Lambda has no use for. */
export const slimSdk: Plugin = {
  name: 'slim-sdk',
  setup(build) {
    for (const { file, contents } of REPLACEMENTS) {
      build.onLoad({ filter: file }, () => ({ contents }));
    }
    // A client reads its version, of all that is there.
    build.onLoad({ filter: /@aws-sdk\/client-[^/]+\/package\.json$/ }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8')) as { readonly version: string };
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};
