import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileOf, AGENT, createMachine } from './machine.ts';

const FIRST = 'first-secret-first-secret-first-secret-1';
const KEY = {
  AccessKeyId: 'ASIAEXAMPLE',
  SecretAccessKey: 'secret',
  Token: 'session',
  Expiration: '2099-01-01T00:00:00Z',
};

/** What stands around a node in AWS: the container's credentials, the instance's metadata, STS. */
function answerOf({ method, url = '' }: IncomingMessage): string {
  if (url === '/container') return JSON.stringify(KEY);
  if (url === '/latest/api/token' && method === 'PUT') return 'a-token';
  if (url === '/latest/meta-data/iam/security-credentials/') return 'a-role';
  if (url === '/latest/meta-data/iam/security-credentials/a-role')
    return JSON.stringify({ Code: 'Success', ...KEY });
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = KEY;
  return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
    <Credentials><AccessKeyId>${AccessKeyId}</AccessKeyId><SecretAccessKey>${SecretAccessKey}</SecretAccessKey>
    <SessionToken>${Token}</SessionToken><Expiration>${Expiration}</Expiration></Credentials>
    </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;
}

test.each([
  [
    'a container (ECS, EKS pod identity)',
    '/container',
    (url: string) => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/container` }),
  ],
  [
    'a web identity (IRSA)',
    '/',
    (url: string, folder: string) => ({
      AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token'),
      AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/node',
      AWS_ENDPOINT_URL_STS: url,
    }),
  ],
  [
    'an instance',
    '/latest/meta-data/iam/security-credentials/a-role',
    (url: string) => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: url }),
  ],
] as const)('the agent reads its secret with the credentials of %s', async (_, path, envOf) => {
  await using machine = await createMachine('red5');
  const { versionId } = machine.put(FIRST, 'AWSCURRENT');
  writeFileSync(join(machine.folder, 'token'), 'an.identity.token');
  const asked: string[] = [];
  const aws = createServer((request, response) => {
    asked.push(request.url ?? '');
    request.resume().on('end', () => response.end(answerOf(request)));
  }).listen(0, '127.0.0.1');
  await once(aws, 'listening');
  const { AWS_ACCESS_KEY_ID: _key, AWS_SECRET_ACCESS_KEY: _secret, ...others } = machine.env;
  const env = {
    ...others,
    HOME: machine.folder,
    ...envOf(`http://127.0.0.1:${(aws.address() as AddressInfo).port}`, machine.folder),
  };
  const args = [AGENT, 'apply', '--target', 'red5', '--version-id', versionId];
  const status = await new Promise((resolve) => {
    execFile(process.execPath, args, { env, timeout: 15_000 }, (error) => resolve(error?.code ?? 0));
  });
  aws.close();
  expect(status).toBe(0);
  expect(asked).toContain(path);
  expect(machine.read()).toBe(fileOf('red5', FIRST));
});
