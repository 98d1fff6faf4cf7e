import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bundleFunction } from '../../../build/bundle.ts';
import type { LoadedStack, StackRequest } from '../../../infra/stack/load-stack.ts';
import { ROOT } from '../../support/project.ts';

/** What `infra/stack.cjs` is told of this configuration file. */
async function load(
  config: string,
  env: Readonly<Record<string, string>> = {},
  region = 'eu-west-1',
): Promise<LoadedStack> {
  const folder = await mkdtemp(join(tmpdir(), 'streampass-load-stack-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [file, bundle] = [join(folder, 'streampass.config.ts'), join(folder, 'stack.mjs')];
  await writeFile(file, `import { oidc, red5 } from '${ROOT}/lib/config/index.ts';\n${config}`);
  await bundleFunction(join(ROOT, 'infra/stack/load-stack.ts'), bundle, file);
  const { loadStack } = (await import(bundle)) as {
    readonly loadStack: (request: StackRequest) => Promise<LoadedStack>;
  };
  const before = process.env;
  process.env = { ...env };
  const loaded = await loadStack({ stage: 'prod', region, host: process, params: [] });
  expect(process.env).toEqual(env);
  process.env = before;
  return loaded;
}

const ENV = {
  ISSUER: 'https://login.example.com',
  ADDRESS: 'https://a.example.com',
  TOKEN: 'not-for-functions',
  AWS_REGION: 'x',
};

test('a variable is given to the functions however the file reads it, and no other one', async () => {
  const loaded = await load(
    `const issuer = oidc({ issuer: process.env['ISSUER'], audience: process.env.AWS_REGION });
     export default ({ env }) => ({ issuers: [issuer], targets: { a: red5({ issuer: 'i', address: env.ADDRESS }) }, grants: [] });`,
    ENV,
  );
  expect(loaded).toMatchObject({ ok: true, stack: { refusals: [] } });
  const { ISSUER, ADDRESS } = ENV;
  const environment = { ISSUER, ADDRESS, STREAMPASS_STAGE: 'prod' };
  expect(loaded).toMatchObject({ stack: { functions: { keys: { environment } } } });
  expect(JSON.stringify(loaded)).not.toContain(ENV.TOKEN);
});

test.each([
  [
    'throws',
    `export default {};\nthrow new Error('no such luck');`,
    'streampass.config.ts: the file throws: no such luck',
  ],
  [
    'copies the environment',
    `export default { issuers: [], targets: {}, grants: [], ...process.env };`,
    'streampass.config.ts: the file throws: read the variables of `env` one by one, such as env.OIDC_ISSUER',
  ],
  [
    'has a domain without a certificate',
    `export default { issuers: [], targets: {}, grants: [], deploy: { domain: { name: 'tokens.example.com' } } };`,
    'streampass.config.ts: deploy.domain.certificateArn: is missing',
  ],
])('of a file that %s there is one line, and no stack', async (_title, config, line) => {
  expect(await load(config)).toEqual({ ok: false, problems: [line] });
});

test('the region is that of the deployment, whatever the shell says', async () => {
  const config = `export default ({ env }) => ({
    issuers: [oidc({ issuer: 'https://login.example.com', audience: 'a' })],
    targets: { live: red5({ issuer: 'streampass' }) }, grants: [],
    deploy: { domain: { name: 'tokens.example.com', certificateArn: \`arn:aws:acm:\${env.AWS_REGION}:111122223333:certificate/6a\` } },
  });`;
  expect(await load(config, ENV, 'us-east-1')).toMatchObject({
    ok: true,
    stack: { refusals: [] },
  });
});
