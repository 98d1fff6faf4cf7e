import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { PackagedStack } from './package-stack.ts';
import { filesOf } from './package-stack.ts';
import { FUNCTIONS } from '../../../infra/stack/functions.ts';
import { ROOT } from '../../support/project.ts';

const NAMES = Object.keys(FUNCTIONS);

/** Node 24 that may read this folder and nothing else, and write nothing, as a function on Lambda. */
async function inSandbox(folder: string, program: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    join(ROOT, 'node_modules/.bin/node'),
    ['--permission', `--allow-fs-read=${folder}`, '--input-type=module', '--eval', program],
    { cwd: folder, env: { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:9' } },
  );
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

/** The zip of each function, as Lambda gets it. */
export function describeZips(packaged: () => PackagedStack): void {
  describe.each(NAMES)('the zip of %s', (name) => {
    test('holds one file and its licences; the file loads and answers where nothing can be written', async () => {
      const files = filesOf(packaged(), name);
      const file = `dist/functions/${name}.mjs`;
      expect([...files.keys()].toSorted()).toEqual(['dist/LICENSES.txt', file]);
      const folder = mkdtempSync(join(tmpdir(), 'streampass-zip-'));
      for (const [path, content] of files) {
        mkdirSync(join(folder, dirname(path)), { recursive: true });
        writeFileSync(join(folder, path), content, { mode: 0o444 });
      }
      const seen = await inSandbox(
        folder,
        `const { handler } = await import(${JSON.stringify(join(folder, file))});
         const event = ${JSON.stringify(EVENT)};
         const answer = await handler(event, {}).catch((error) => ({ error: error.constructor.name }));
         console.log('\\n' + JSON.stringify({ parameters: handler.length, node: process.version.slice(0, 4), answer }));
         process.exit(0);`,
      );
      rmSync(folder, { recursive: true, force: true });
      const { parameters, node, answer } = seen as { parameters: number; node: string; answer: object };
      expect(node).toBe('v24.');
      // A handler of three parameters is refused by nodejs24.x.
      expect(parameters).toBeLessThanOrEqual(2);
      expect(answer).toMatchObject(ANSWERS[name] ?? {});
    });

    // `rotate` is there to change them.
    if (name === 'rotate') return;
    test('has no command that changes a secret or a server', () => {
      const text = [...filesOf(packaged(), name).values()].join('');
      const commands = ['PutSecretValue', 'UpdateSecretVersionStage', 'SendCommand'];
      expect(commands.filter((command) => text.includes(command))).toEqual([]);
    });
  });

  test('are those of the functions and no others', () => {
    const zips = readdirSync(packaged().zips).filter((file) => file.endsWith('.zip'));
    expect(zips.toSorted()).toEqual(NAMES.map((name) => `${name}.zip`).toSorted());
  });
}

/** A request of API Gateway's with nothing in it. */
const EVENT = {
  version: '2.0',
  routeKey: '$default',
  rawPath: '/',
  rawQueryString: '',
  headers: {},
  requestContext: {
    domainName: 'api.example.com',
    requestId: '1',
    http: { method: 'GET', path: '/', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
  },
  isBase64Encoded: false,
};

/** What each function makes of it, without an issuer and without the network. */
const ANSWERS: Readonly<Record<string, object>> = {
  authorizer: { isAuthorized: false },
  nodes: { statusCode: 404 },
  denials: { statusCode: 404 },
  health: { statusCode: 503 },
  keys: { statusCode: expect.any(Number) as number },
  metadata: { statusCode: 200 },
  callbacks: { statusCode: expect.any(Number) as number },
  rotate: { error: 'TypeError' },
  token: { statusCode: expect.any(Number) as number },
  whip: { statusCode: expect.any(Number) as number },
  livekit: { statusCode: expect.any(Number) as number },
};
