import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packClient, type PackedClient } from './support/packed.ts';

let packed: PackedClient;
beforeAll(async () => {
  packed = await packClient(afterAll);
});

const repository = join(import.meta.dirname, '../..');

/** What an app of each kind writes, with what must not compile. */
const CONSUMER = `
import { createStreamPass, StreamPassError, type Reason } from 'streampass-client';
import { connect } from 'streampass-client/connect';
import { keepOpen, red5Whep, watch, type WebRtcPlayer } from 'streampass-client/whep';
import { connectRtcstats } from 'streampass-client/rtcstats';
import { red5Rtmp } from 'streampass-client/encoder';

const pass = createStreamPass({
  endpoint: '/token',
  audience: ['red5', 'rtcstats'],
  room: ['a'],
  logger: console,
  subjectToken: async ({ forceRefresh, reason }) => (forceRefresh && reason === 'subject_token_expired' ? null : 'id'),
});
export const connected: Promise<number> = connect(pass, (token, offered, signal) =>
  signal.aborted ? 0 : token.length + offered.length,
);
pass.on('denied', (error) => error.kind === 'sign-in-again' || error.reason === 'room_not_allowed');
pass.on('changed', ({ status, answer }) => status === 'ready' && answer?.tokens['red5']?.token);
// @ts-expect-error no such kind
pass.on('denied', (error) => error.kind === 'sign-in');
// @ts-expect-error no such status
export const isReady: boolean = pass.current().status === 'redy';
// @ts-expect-error no audience
createStreamPass({ endpoint: '/token', subjectToken: 'id' });
// @ts-expect-error no such reason
export const reason: Reason = 'subject_token_expird';
export const isOurs = (error: unknown): boolean => error instanceof StreamPassError && error.refusals.length > 0;

const address = red5Whep({ server: 'https://media.example.com', stream: 'main' });
export const player: Promise<WebRtcPlayer> = watch(pass, { address });
export const kept: Promise<void> = keepOpen((signal) => watch(pass, { address, signal }), ({ stream }) => stream.id, {
  signal: new AbortController().signal,
});
export const socket: Promise<WebSocket> = connectRtcstats(pass, 'wss://stats.example.com', { audience: 'rtcstats' });
export const key: string = red5Rtmp({ server: 'rtmp://media.example.com', stream: 'main', token: 't' }).streamKey;
`;

const FRAMEWORKS = `
import type { Ref } from 'vue';
import { useStreamPass as useInReact } from 'streampass-client/react';
import { useStreamPass as useInVue } from 'streampass-client/vue';
import { connectRoom, livekitTokenSource } from 'streampass-client/livekit';
import type { Room } from 'livekit-client';

const options = { endpoint: '/token', audience: 'livekit', subjectToken: () => 'id' };
export const { pass, status, error } = useInReact(options);
export const { state } = useInVue(() => options);
export const isRef: Readonly<Ref<{ status: string }>> = state;
export const source = pass && livekitTokenSource(pass, 'wss://live.example.com').fetch();
export const joined = (room: Room) => pass && connectRoom(pass, room, 'wss://live.example.com');
`;

const MODERN = { name: '7.0', folder: repository };
const OLDER = ['4.7', '5.0', '5.9'].map((name) => ({
  name,
  folder: join(repository, 'test/typescript', name),
}));

/** Each compiler with each way to resolve that it knows; no compiler skips the package's declarations. */
const MATRIX = [
  ...OLDER.map((compiler) => ({ ...compiler, resolution: 'node', module: 'es2020' })),
  ...[...OLDER, MODERN].map((compiler) => ({ ...compiler, resolution: 'node16', module: 'node16' })),
  ...[...OLDER, MODERN]
    .filter(({ name }) => name !== '4.7')
    .map((compiler) => ({ ...compiler, resolution: 'bundler', module: 'es2020' })),
];

async function compile(
  { name, folder, resolution, module }: (typeof MATRIX)[number],
  source: string,
  options: object,
): Promise<string> {
  const project = join(packed.folder, `${name}-${resolution}-${Object.keys(options).length}`);
  await mkdir(project, { recursive: true });
  const compilerOptions = {
    target: 'es2020',
    lib: ['es2022', 'dom', 'dom.iterable'],
    strict: true,
    noEmit: true,
    types: [],
    moduleResolution: resolution,
    module,
    ...options,
  };
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  await writeFile(join(project, 'consumer.ts'), source);
  await writeFile(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
  );
  const tsc = join(
    dirname(createRequire(join(folder, 'package.json')).resolve('typescript/package.json')),
    'bin/tsc',
  );
  return promisify(execFile)(process.execPath, [tsc, '-p', project]).then(
    () => '',
    ({ stdout }: { readonly stdout: string }) => stdout,
  );
}

test.each(MATRIX)('TypeScript $name finds and checks the declarations by $resolution', async (row) => {
  expect(await compile(row, CONSUMER, { exactOptionalPropertyTypes: true })).toBe('');
});

// The declarations of React, Vue and LiveKit themselves need a newer compiler.
test.each(MATRIX.filter(({ name }) => name === '5.9' || name === '7.0'))(
  'TypeScript $name checks the frameworks’ entries by $resolution',
  async (row) => {
    expect(await compile(row, FRAMEWORKS, { skipLibCheck: true, jsx: 'react-jsx' })).toBe('');
  },
);
