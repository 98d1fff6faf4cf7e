import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOidcProvider } from '../../../local/oidc-provider/provider.ts';
import type { RunningOidcProvider } from '../../../local/oidc-provider/provider.ts';

const command = new URL('../../../cli/id-token.ts', import.meta.url).pathname;
let provider: RunningOidcProvider;

beforeAll(async () => {
  provider = await startOidcProvider({ port: 0 });
});

afterAll(() => provider.close());

async function run(args: readonly string[], issuer = provider.issuer) {
  const child = spawn(process.execPath, [command, ...args], { env: { ...process.env, OIDC_ISSUER: issuer } });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { stdout, stderr, exitCode: exitCode as number };
}

test('prints the ID token and nothing else', async () => {
  const { stdout, stderr, exitCode } = await run(['moderator']);

  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  expect(decodeJwt(stdout.trim())).toMatchObject({
    iss: provider.issuer,
    sub: 'moderator',
    groups: ['moderators'],
  });
});

test('explains itself with --help', async () => {
  const { stdout, exitCode } = await run(['--help']);

  expect(exitCode).toBe(0);
  expect(stdout).toContain('Usage: npm run -s id-token -- USER');
  expect(stdout).toContain('OIDC_ISSUER');
});

test.each([
  ['no user', [], 'name one user: broadcaster, viewer, moderator (npm run -s id-token -- viewer)\n', 2],
  [
    'two users',
    ['viewer', 'moderator'],
    'name one user: broadcaster, viewer, moderator (npm run -s id-token -- viewer)\n',
    2,
  ],
  [
    'an unknown user',
    ['nobody'],
    'no user is called "nobody": the page offers broadcaster, viewer, moderator\n',
    1,
  ],
] as const)('refuses %s in one line', async (_title, args, line, exitCode) => {
  expect(await run(args)).toEqual({ stdout: '', stderr: line, exitCode });
});

test('says so where no provider answers', async () => {
  const stopped = await startOidcProvider({ port: 0 });
  await stopped.close();

  expect(await run(['viewer'], stopped.issuer)).toEqual({
    stdout: '',
    stderr: `no provider answers at ${stopped.issuer}: start it with npm start\n`,
    exitCode: 1,
  });
});

test('says so where something else answers', async () => {
  const other = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const issuer = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;

  expect(await run(['viewer'], issuer)).toEqual({
    stdout: '',
    stderr: `what answers at ${issuer} is not an OpenID Connect provider of that name\n`,
    exitCode: 1,
  });
  other.close();
});

test('says so where the issuer is not a URL', async () => {
  expect(await run(['viewer'], 'localhost')).toEqual({
    stdout: '',
    stderr: 'the issuer "localhost" is not a URL such as http://localhost:3001\n',
    exitCode: 1,
  });
});
