import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { roleAccess } from '../../lib/aws/role-access.ts';
import { runCommand } from '../../lib/aws/run-command.ts';
import { instanceServers } from '../../lib/fleet/ssm.ts';
import { fingerprintOf } from '../../lib/signing-keys/secret.ts';
import { now, START } from '../support/whole-rotation.ts';

const ROLE = 'arn:aws:iam::444455556666:role/streampass-fleet';
const ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:streampass/red5-AbCdEf';
const version = { versionId: '11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa', text: 'a'.repeat(43) };
const OWN = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIAOFTHEFUNCTION',
  AWS_SECRET_ACCESS_KEY: 'own-secret',
  AWS_SESSION_TOKEN: 'own-session',
};

let aws: Server;
/** Each call: what was asked, the access key that signed it, and its session. */
let calls: (readonly [action: string, accessKey: string, session: string])[];
let sessions: number;
let isRefused: boolean;

beforeEach(async () => {
  calls = [];
  sessions = 0;
  isRefused = false;
  vi.useFakeTimers({ toFake: ['Date'], now: START * 1000 });
  aws = createServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const part of request) body += String(part);
      const { authorization = '', 'x-amz-target': target, 'x-amz-security-token': session } = request.headers;
      const action = target?.toString().split('.')[1] ?? new URLSearchParams(body).get('Action') ?? '';
      calls.push([action, /Credential=(\w+)\//.exec(authorization)?.[1] ?? '', String(session)]);
      if (isRefused && action === 'AssumeRole') {
        response.statusCode = 403;
        const message = `User is not authorized to perform: sts:AssumeRole on resource: ${ROLE}`;
        return void response.end(
          `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${message}</Message></Error></ErrorResponse>`,
        );
      }
      response.end(answerTo(action));
    })();
  }).listen(0, '127.0.0.1');
  await once(aws, 'listening');
  const url = `http://127.0.0.1:${(aws.address() as AddressInfo).port}`;
  for (const service of ['STS', 'SSM', 'EC2']) vi.stubEnv(`AWS_ENDPOINT_URL_${service}`, url);
  for (const [name, value] of Object.entries(OWN)) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  aws.close();
  aws.closeAllConnections();
  await once(aws, 'close');
});

/** STS, EC2 and Systems Manager of the other account: an instance and a hybrid node, which both hold the version. */
function answerTo(action: string): string {
  const report = JSON.stringify({ version: 1, fingerprint: fingerprintOf(version.text), problems: [] });
  switch (action) {
    case 'AssumeRole':
      sessions++;
      return `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAOFTHEROLE${sessions}</AccessKeyId>
        <SecretAccessKey>s</SecretAccessKey><SessionToken>session-${sessions}</SessionToken>
        <Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration>
        </Credentials></AssumeRoleResult></AssumeRoleResponse>`;
    case 'DescribeInstances':
      return `<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-0a</instanceId>
        </item></instancesSet></item></reservationSet></DescribeInstancesResponse>`;
    case 'DescribeInstanceInformation':
      return JSON.stringify({ InstanceInformationList: [{ InstanceId: 'mi-0b' }] });
    case 'ListCommandInvocations':
      return JSON.stringify({
        CommandInvocations: ['i-0a', 'mi-0b'].map((InstanceId) => ({
          InstanceId,
          Status: 'Success',
          CommandPlugins: [{ Output: report }],
        })),
      });
    default:
      return JSON.stringify({ Command: { CommandId: 'a-command' }, Commands: [] });
  }
}

function fleet() {
  const access = roleAccess(OWN, ROLE);
  return instanceServers({
    target: 'red5',
    tag: { key: 'streampass', value: 'red5' },
    document: 'streampass-prod-secret',
    commands: runCommand(new SSMClient(access), new EC2Client(access), now),
    settingsProblems: () => [],
    now,
    pause: async () => undefined,
  });
}

test('each call in the other account is signed by the role, never by the function, and a session is renewed before it ends', async () => {
  const servers = fleet();
  const holds = [version.versionId];
  const nodes = [
    { node: 'i-0a', holds },
    { node: 'mi-0b', holds },
  ];
  expect(await servers.observe(ARN, [version])).toMatchObject({ nodes, complete: true });
  await servers.apply(ARN, [version], 'all');
  expect(new Set(calls.map(([action]) => action))).toEqual(
    new Set([
      'AssumeRole',
      'DescribeInstances',
      'DescribeInstanceInformation',
      'ListCommands',
      'SendCommand',
      'ListCommandInvocations',
    ]),
  );
  for (const [action, key, session] of calls.splice(0)) {
    const signedBy = [key, session].join(' ');
    if (action === 'AssumeRole') expect(signedBy).toBe('AKIAOFTHEFUNCTION own-session');
    else expect(signedBy, action).toMatch(/^ASIAOFTHEROLE(\d) session-\1$/);
  }

  // Not at each call, and not once it is too late.
  vi.setSystemTime(Date.now() + 50 * 60_000);
  await servers.observe(ARN, [version]);
  expect(calls.splice(0).map(([action]) => action)).not.toContain('AssumeRole');
  vi.setSystemTime(Date.now() + 8 * 60_000);
  const before = sessions;
  await servers.observe(ARN, [version]);
  expect(sessions).toBeGreaterThan(before);
  expect(calls.filter(([action, key]) => action !== 'AssumeRole' && Number(key.at(-1)) <= before)).toEqual(
    [],
  );
});

test('a role that does not trust the function is an error in one line, and nothing is asked in its own account', async () => {
  isRefused = true;
  const refused = await fleet()
    .observe(ARN, [version])
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({
    name: 'AccessDenied',
    message: expect.stringMatching(/^User is not authorized.*$/) as string,
  });
  expect(new Set(calls.map(([action]) => action))).toEqual(new Set(['AssumeRole']));
});
