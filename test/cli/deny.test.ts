import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAdmission } from '../../lib/admission/admission.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { whomOf } from '../../lib/admission/for-whom.ts';
import { dynamoDenyTable } from '../../lib/aws/deny-table.ts';
import { createDynamoEndpoint } from '../../local/dynamodb/endpoint.ts';
import type { DynamoEndpoint } from '../../local/dynamodb/endpoint.ts';
import { freePorts } from '../support/free-ports.ts';
import { parseUntil } from '../../cli/deny/until.ts';

/** `npm run deny|allow|denied` against a local DynamoDB, and what `/token` then says. */

const root = join(import.meta.dirname, '../..');
let dynamo: DynamoEndpoint;
let client: DynamoDBClient;
let firstPort: number;

beforeAll(async () => {
  // The command finds the table ten ports after the first.
  const { api } = await freePorts();
  firstPort = api;
  dynamo = await createDynamoEndpoint({ port: firstPort + 9 });
  client = new DynamoDBClient({
    endpoint: dynamo.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});

afterAll(async () => {
  client.destroy();
  await dynamo.close();
});

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = [join(root, 'cli/deny.ts'), ...args, '--port', String(firstPort)];
  const env = { ...process.env, USER: 'operator', OIDC_ISSUER: 'https://id.example', OIDC_AUDIENCE: 'web' };
  return promisify(execFile)(process.execPath, command, { cwd: root, env }).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      out: error.stdout,
      err: error.stderr,
    }),
  );
}

const ANNA: Identity = {
  issuer: 'https://id.example',
  subject: 'anna',
  groups: [],
  claims: { sid: 'sid-1' },
  expiresAt: 2e9,
};

/** Whether `/token` admits somebody now, with no memory of before. */
async function isAdmitted(): Promise<boolean> {
  const table = dynamoDenyTable('deny', client);
  const now = () => Date.now() / 1000;
  const { admit } = createAdmission({ deny: {}, table, now, within: (work) => work });
  return admit(whomOf(ANNA)).then(
    () => true,
    () => false,
  );
}

describe('npm run deny', () => {
  test('denies a user until they are allowed again, with an audit line each', async () => {
    expect(await isAdmitted()).toBe(true);
    const whom = ['--sub', 'anna', '--issuer', 'https://id.example'];
    const denied = await run('deny', ...whom, '--reason', 'left the company', '--until', '7d');
    expect(denied).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(denied.out.split('\n')[0] ?? '')).toMatchObject({
      event: 'denial.added',
      kind: 'sub',
      value: 'anna',
      issuer: 'https://id.example',
      reason: 'left the company',
      by: 'operator',
    });
    expect(denied.out).toMatch(/red5: the last token ends at \d{4}-.*Z\n {2}tokens .*\n {2}connections /);
    expect(await isAdmitted()).toBe(false);

    const list = await run('denied');
    expect(list.out).toMatch(
      /^sub anna of https:\/\/id\.example: until .*Z, by operator at .*Z: left the company\n$/,
    );

    const allowed = await run('allow', ...whom);
    expect(JSON.parse(allowed.out.split('\n')[0] ?? '')).toMatchObject({
      event: 'denial.removed',
      value: 'anna',
    });
    expect(await isAdmitted()).toBe(true);
  }, 60_000);

  test('denies a sign-in', async () => {
    await run('deny', '--sign-in', 'sid-1');
    expect(await isAdmitted()).toBe(false);
    await run('allow', '--sign-in', 'sid-1');
    expect(await isAdmitted()).toBe(true);
  });

  test.each([
    ['nobody', ['deny'], 2, 'name one WHOM'],
    ['two', ['deny', '--sub', 'a', '--session', 'b'], 2, 'name one WHOM'],
    ['an empty name', ['deny', '--sub', ''], 2, '--sub must not be empty'],
    [
      'two of a kind, of which only the last would count',
      ['deny', '--sub', 'a', '--sub', 'b'],
      2,
      '--sub comes',
    ],
    ['an empty issuer', ['deny', '--sub', 'a', '--issuer', ''], 2, '--issuer must not be empty'],
    ['a name with a line break', ['deny', '--sub', 'a\n'], 2, '--sub must not begin or end with a blank'],
    ['a whole token', ['deny', '--token', 'eyJhIjoxfQ.eyJqdGkiOiJ4In0.c'], 2, '--token must be an id'],
    ['whom to list', ['denied', '--sub', 'a'], 2, 'npm run denied takes no --sub'],
    ['an end of no denial', ['allow', '--sub', 'a', '--until', '1h'], 2, 'npm run allow takes no --until'],
    [
      'an issuer that is not configured, of which the row would deny nobody',
      ['deny', '--sub', 'a', '--issuer', 'https://id.example/'],
      2,
      '--issuer must be an issuer of the configuration, written as it is there: https://id.example\n',
    ],
    [
      'an issuer of a session',
      ['deny', '--session', 'b', '--issuer', 'i'],
      2,
      '--issuer can be used only with --sub',
    ],
    [
      'a time in the past',
      ['deny', '--sub', 'a', '--until', '2001-01-01T00:00:00Z'],
      2,
      '--until is in the past',
    ],
    ['no time', ['deny', '--sub', 'a', '--until', 'tomorrow'], 2, '--until must be a time'],
    ['another verb', ['forget', '--sub', 'a'], 2, 'usage:'],
    ['somebody who is not denied', ['allow', '--sub', 'nobody-denied'], 1, 'no such denial'],
  ])('refuses %s in one go', async (_what, args, status, message) => {
    const { code, err } = await run(...args);
    expect(code).toBe(status);
    expect(err).toContain(message);
  });

  test('denies nobody by a call that it refused', async () => {
    expect((await run('denied')).out).toBe('nobody is denied\n');
  });

  test('says so if the stack is not running', async () => {
    const command = [join(root, 'cli/deny.ts'), 'denied', '--port', '64000'];
    await expect(promisify(execFile)(process.execPath, command, { cwd: root })).rejects.toMatchObject({
      stderr: expect.stringContaining('the local stack is not running'),
    });
  });
});

test('npm run denied lists rows of version 0.1, which deny nobody', async () => {
  await client.send(new PutItemCommand({ TableName: 'deny', Item: { id: { S: 'sub#*#anna' } } }));
  const { out } = await run('denied');
  expect(out).toContain('sub#*#anna: denies nobody');
  expect(await isAdmitted()).toBe(true);
});

test.each([
  ['90m', 1000 + 5400],
  ['24h', 1000 + 86_400],
  ['7d', 1000 + 604_800],
  ['2030-01-01T00:00:00Z', 1_893_456_000],
  ['2030-01-01T01:00+01:00', 1_893_456_000],
])('--until %s', (text, expected) => {
  expect(parseUntil(text, 1000)).toBe(expected);
});
