import { defineConfig, type OxlintOverride } from 'oxlint';

/**
 * The rooms of `lib/` that are pure, and `fleet`: each may import what the rooms before it do, and the types of all. A room
 * that is added has to find its place here.
 */
export const ROOMS = [
  'jws',
  'cwt',
  'api-gateway',
  'oauth',
  'options',
  'signing-keys',
  'admission',
  'identity',
  'policy',
  'rotation',
  'media-servers',
  'fleet',
  'stream-keys',
  'token-verification',
  'exchange',
  'config',
] as const;

/** Folders outside of `lib/`, and the folders that each may not import anything of. */
export const CLOSED = {
  functions: ['local', 'cli', 'build', 'node-agent', 'infra', 'client', 'test', 'bench'],
  'infra/stack': [
    'functions',
    'local',
    'cli',
    'build',
    'node-agent',
    'client',
    'test',
    'bench',
    'lib/aws',
    'lib/node',
  ],
  'node-agent': ['functions', 'local', 'cli', 'build', 'infra', 'client', 'test', 'bench'],
  local: ['functions', 'cli', 'infra', 'test', 'bench'],
  cli: ['functions', 'infra', 'test', 'bench'],
  build: ['functions', 'local', 'test', 'bench'],
  'client/src': ['functions', 'lib', 'local', 'cli', 'build', 'node-agent', 'infra', 'test', 'bench'],
  examples: [
    'functions',
    'lib',
    'local',
    'cli',
    'build',
    'node-agent',
    'infra',
    'test',
    'bench',
    'client/src',
  ],
} as const;

/** No part of `lib/` knows who composes it. */
const COMPOSITION_ROOTS = {
  group: ['**/{functions,local,cli,build,infra,node-agent,test,client,bench}/**'],
  message: 'lib knows no composition root',
};
const ADAPTERS = {
  group: ['**/aws/**', '**/node/**', '@aws-sdk/*'],
  message: 'only composition roots know lib/aws and lib/node',
};
const INPUT_AND_OUTPUT = {
  group: ['node:{fs,http,https,net,tls,dns,child_process,process,os,timers}', 'node:{fs,timers}/*'],
  message: 'I/O is for adapters and servers',
};
const STORIES = {
  group: ['{.,..}/**/{exchange,rotate}.ts'],
  allowTypeImports: true,
  message: 'a story calls its steps, no step calls a story',
};

/** What no pure code may touch: the clock, randomness, the environment and the network are passed in. */
const PURE: OxlintOverride['rules'] = {
  'no-restricted-globals': [
    'error',
    'process',
    'fetch',
    'setTimeout',
    'setInterval',
    'performance',
    'console',
    'crypto',
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'time is passed in' },
    { object: 'Math', property: 'random', message: 'randomness is passed in' },
  ],
};

const roomRules = ROOMS.map((room, place): OxlintOverride => {
  const later = ROOMS.slice(place + 1);
  return {
    files: [`lib/${room}/**/*.ts`],
    rules: {
      ...(room !== 'fleet' && PURE),
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            COMPOSITION_ROOTS,
            ADAPTERS,
            STORIES,
            ...(room === 'fleet' ? [] : [INPUT_AND_OUTPUT]),
            ...later.map((name) => ({
              group: [`**/${name}/**`],
              allowTypeImports: true,
              message: `lib/${room} may import the types of lib/${name} alone`,
            })),
          ],
        },
      ],
    },
  };
});

const closedRules = Object.entries(CLOSED).map(([folder, others]): OxlintOverride => ({
  files: [`${folder}/**/*.{ts,tsx,js,vue}`],
  rules: {
    ...(folder === 'infra/stack' && PURE),
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: others.map((other) => `{.,..}/**/${other}/**`),
            message: `${folder} imports nothing of ${others.join(', ')}`,
          },
          ...(folder === 'infra/stack' ? [INPUT_AND_OUTPUT] : []),
        ],
      },
    ],
  },
}));

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'promise', 'node', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  options: { typeAware: true },
  ignorePatterns: ['dist', 'node_modules', 'test-output', 'local/demo/page'],
  rules: {
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'import/no-named-as-default': 'off',
    'import/no-named-as-default-member': 'off',
    'no-await-in-loop': 'off',
    'typescript/consistent-return': 'off',
    'no-shadow': 'off',
    'no-unmodified-loop-condition': 'off',
    'vitest/no-conditional-expect': 'off',
    'vitest/valid-expect': ['error', { maxArgs: 2 }],
    'typescript/no-base-to-string': 'off',
    'typescript/unbound-method': 'off',
    'oxc/no-map-spread': 'off',
    'promise/always-return': 'off',
    'unicorn/prefer-set-has': 'off',
    'no-underscore-dangle': 'off',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/return-await': ['error', 'error-handling-correctness-only'],
    'typescript/no-unsafe-type-assertion': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'vitest/expect-expect': ['error', { assertFunctionNames: ['expect', 'fc.assert', 'page.**.waitFor'] }],
    'typescript/no-unnecessary-boolean-literal-compare': 'off',
    'typescript/no-unnecessary-type-assertion': 'off',
  },
  overrides: [
    {
      files: ['**/*.config.ts', 'site/.vitepress/config.ts'],
      rules: { 'import/no-default-export': 'off' },
    },
    {
      files: ['lib/*.ts'],
      rules: {
        ...PURE,
        'no-restricted-imports': ['error', { patterns: [COMPOSITION_ROOTS, ADAPTERS, INPUT_AND_OUTPUT] }],
      },
    },
    {
      files: ['lib/aws/**/*.ts', 'lib/node/**/*.ts'],
      rules: { 'no-restricted-imports': ['error', { patterns: [COMPOSITION_ROOTS, STORIES] }] },
    },
    ...roomRules,
    ...closedRules,
  ],
});
