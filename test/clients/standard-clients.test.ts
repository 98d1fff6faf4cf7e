import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signIn } from '../../local/oidc-provider/sign-in.ts';
import { portsFrom } from '../../local/ports.ts';
import { startStack } from '../../local/stack.ts';
import { PROJECT } from '../support/project.ts';
import type { Stack } from '../../local/stack.ts';

/** The examples of docs/clients.md, run against the local stack, and by hand what clients in other languages send. */

const root = join(import.meta.dirname, '../..');
const page = await readFile(join(root, 'docs/clients.md'), 'utf8');
const examplesIn = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, code = '']) => code);
const PORTS = portsFrom(14_000);
const DEFAULT_API = 'http://localhost:3000';

let stack: Stack;
let stateDir: string;
/** Inside node_modules, so that an example finds the packages that it imports. */
let modulesDir: string;
let idToken: string;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'streampass-clients-'));
  await mkdir(join(root, 'node_modules/.cache'), { recursive: true });
  modulesDir = await mkdtemp(join(root, 'node_modules/.cache/clients-'));
  stack = await startStack({ project: PROJECT, ports: PORTS, stateDir, profile: 'default', nodes: 1 });
  ({ idToken } = await signIn({ issuer: stack.urls.oidc, user: 'viewer' }));
  process.env['ID_TOKEN'] = idToken;
}, 90_000);

afterAll(async () => {
  delete process.env['ID_TOKEN'];
  await stack.close();
  await rm(stateDir, { recursive: true, force: true });
  await rm(modulesDir, { recursive: true, force: true });
});

const ISSUED = { scope: 'subscribe', expires_in: 900, access_token: expect.stringMatching(/^ey[\w-]+\./) };

test('every example that can run here is run', () => {
  expect(examplesIn('ts').map((code) => /from '([^']+)'/.exec(code)?.[1])).toEqual([
    'openid-client',
    'oauth4webapi',
  ]);
  expect(examplesIn('sh')).toHaveLength(1);
});

test.each(examplesIn('ts').map((code) => [/from '([^']+)'/.exec(code)?.[1] ?? '', code]))(
  'the example with %s gets a token',
  async (name, code) => {
    const file = join(modulesDir, `${name}.ts`);
    await writeFile(file, code.replaceAll(DEFAULT_API, stack.urls.api));
    const { answer } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      readonly answer: object;
    };
    expect(answer).toMatchObject(ISSUED);
  },
);

test('the example with curl gets a token', async () => {
  const [command = ''] = examplesIn('sh');
  const { stdout } = await promisify(execFile)('sh', ['-c', command.replaceAll(DEFAULT_API, stack.urls.api)]);
  expect(JSON.parse(stdout)).toMatchObject({ ...ISSUED, token_type: 'N_A' });
});

/** Sends a form as a client in another language does. */
async function post(
  parameters: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly body: object }> {
  const response = await fetch(`${stack.urls.api}/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded;charset=UTF-8', ...headers },
    body: new URLSearchParams(parameters).toString(),
  });
  return { status: response.status, body: (await response.json()) as object };
}

describe('Spring Security', () => {
  test('gets a Bearer token for the request that it sends', async () => {
    const { status, body } = await post(
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        client_id: 'my-app',
        requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        subject_token: idToken,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        audience: 'red5',
        room: 'public-1',
      },
      { Accept: 'application/json;charset=UTF-8' },
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...ISSUED,
      token_type: 'Bearer',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
  });
});

describe('Authlib', () => {
  const basic = `Basic ${Buffer.from('my-app:secret').toString('base64')}`;
  test.each([
    ['none', { client_id: 'my-app' }, {}],
    ['client_secret_basic', {}, { Authorization: basic }],
    ['client_secret_post', { client_id: 'my-app', client_secret: 'secret' }, {}],
  ])('gets a token with client authentication %s', async (_method, parameters, headers) => {
    const { status, body } = await post(
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: idToken,
        subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
        audience: 'red5',
        room: 'public-1',
        ...parameters,
      },
      { Accept: 'application/json', ...headers } as Record<string, string>,
    );
    expect({ status, ...body }).toMatchObject({ status: 200, ...ISSUED });
  });
});
