import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import * as sdk from '@aws-sdk/client-secrets-manager';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type {
  SecretsManagerEndpoint,
  SecretsManagerEndpointOptions,
} from '../../../local/secrets-manager/endpoint.ts';
import { createSecretsManagerEndpoint } from '../../../local/secrets-manager/endpoint.ts';
import type { Fault } from '../../../local/secrets-manager/faults.ts';
import { seedEmptySecrets } from '../../../local/secrets-manager/seed.ts';
import { START_MS, versionId } from './model.ts';
import { rawCall, sdkClient } from './sdk-client.ts';

const NAMES = ['streampass/red5', 'streampass/jitsi'];
const started: SecretsManagerEndpoint[] = [];

async function start(options: Partial<SecretsManagerEndpointOptions> = {}): Promise<SecretsManagerEndpoint> {
  const endpoint = await createSecretsManagerEndpoint({ port: 0, ...options });
  started.push(endpoint);
  return endpoint;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((endpoint) => endpoint.close()));
});

describe('the endpoint', () => {
  test('takes its time from the clock that it is given', async () => {
    const endpoint = await start({ now: () => START_MS });
    const client = sdkClient(endpoint);
    await client.send(new sdk.CreateSecretCommand({ Name: 's', SecretString: 'x' }));
    const { CreatedDate } = await client.send(new sdk.GetSecretValueCommand({ SecretId: 's' }));
    expect(CreatedDate).toEqual(new Date(START_MS));
  });

  test('gives a binary value back byte by byte', async () => {
    const client = sdkClient(await start());
    const SecretBinary = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await client.send(new sdk.CreateSecretCommand({ Name: 's', SecretBinary }));
    const answer = await client.send(new sdk.GetSecretValueCommand({ SecretId: 's' }));
    expect(answer.SecretBinary).toEqual(SecretBinary);
    expect(answer).not.toHaveProperty('SecretString');
  });

  test('refuses a port that is taken, in one line', async () => {
    const port = Number(new URL((await start()).url).port);
    await expect(createSecretsManagerEndpoint({ port })).rejects.toThrow(
      `port ${port} is taken: end the program that listens on localhost:${port}`,
    );
  });

  test('frees its port when it is closed', async () => {
    const endpoint = await start();
    const port = Number(new URL(endpoint.url).port);
    await endpoint.close();
    expect((await start({ port })).url).toBe(endpoint.url);
  });

  test('leaves unset members out of an answer rather than send null', async () => {
    const endpoint = await start();
    endpoint.execute('CreateSecret', { Name: 's' });
    const { body } = await rawCall(endpoint, 'secretsmanager.DescribeSecret', '{"SecretId":"s"}');
    expect(Object.keys(body as object)).toEqual(['ARN', 'Name', 'CreatedDate', 'LastChangedDate']);
  });
});

describe('seeding', () => {
  test('makes the secrets of the stack without a version, once', async () => {
    const endpoint = await start();
    seedEmptySecrets(endpoint, NAMES);
    const seeded = endpoint.state();
    expect(seeded.secrets.map(({ name, versions }) => ({ name, versions }))).toEqual(
      NAMES.map((name) => ({ name, versions: [] })),
    );
    seedEmptySecrets(endpoint, NAMES);
    expect(endpoint.state()).toBe(seeded);
  });

  test('leaves a secret that has a value as it is', async () => {
    const endpoint = await start();
    endpoint.execute('CreateSecret', {
      Name: 'streampass/red5',
      ClientRequestToken: versionId(1),
      SecretString: 'kept',
    });
    seedEmptySecrets(endpoint, NAMES);
    expect(endpoint.execute('GetSecretValue', { SecretId: 'streampass/red5' }).output).toMatchObject({
      SecretString: 'kept',
    });
  });
});

describe('a hostile call', () => {
  const target = 'secretsmanager.GetSecretValue';

  test.each([
    ['no JSON', target, '{"SecretId":', 400, 'SerializationException'],
    ['a list', target, '[]', 400, 'SerializationException'],
    ['null', target, 'null', 400, 'SerializationException'],
    [
      'bytes that are not UTF-8',
      target,
      Buffer.from('{"SecretId":"\xff"}', 'latin1'),
      400,
      'SerializationException',
    ],
    ['a number for a name', target, '{"SecretId":7}', 400, 'SerializationException'],
    ['an empty body', target, '', 400, 'InvalidParameterException'],
    ['members of every object', target, '{"SecretId":{"__proto__":{}}}', 400, 'SerializationException'],
    ['an operation of Object', 'secretsmanager.constructor', '{}', 400, 'UnknownOperationException'],
    ['another service', 'AmazonSSM.SendCommand', '{}', 400, 'UnknownOperationException'],
    ['a body past 1 MiB', target, 'x'.repeat(2 ** 20 + 1), 413, 'RequestEntityTooLargeException'],
  ])('with %s is refused in the form of AWS', async (_, operation, sent, status, code) => {
    const endpoint = await start();
    const answer = await rawCall(endpoint, operation, sent);
    expect(answer).toEqual({ status, body: { __type: code, Message: expect.any(String) as string } });
    // It still serves the next caller.
    expect((await rawCall(endpoint, 'secretsmanager.ListSecrets', '{}')).status).toBe(200);
  });

  test.each(['GET', 'PUT', 'OPTIONS'])('by %s is refused', async (method) => {
    const { url } = await start();
    const response = await fetch(url, { method, headers: { 'x-amz-target': target } });
    expect(response.status).toBe(400);
  });

  test('that is broken off leaves the endpoint serving', async () => {
    const endpoint = await start();
    const { hostname, port } = new URL(endpoint.url);
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{`, () =>
          socket.resetAndDestroy(),
        );
      });
      socket.on('close', () => resolve());
      socket.on('error', reject);
    });
    expect((await rawCall(endpoint, 'secretsmanager.ListSecrets', '{}')).status).toBe(200);
  });

  test('of any shape is answered or refused, never a failure of the endpoint', async () => {
    const endpoint = await start();
    seedEmptySecrets(endpoint, NAMES);
    const operation = fc.constantFrom(
      'CreateSecret',
      'PutSecretValue',
      'GetSecretValue',
      'ListSecrets',
      'TagResource',
      'UpdateSecretVersionStage',
      'BatchGetSecretValue',
      'RotateSecret',
      'DeleteSecret',
    );
    const name = fc.constantFrom(
      'SecretId',
      'Name',
      'ClientRequestToken',
      'SecretString',
      'SecretBinary',
      'Tags',
      'VersionStages',
      'VersionStage',
      'MoveToVersionId',
      'Filters',
      'MaxResults',
      'NextToken',
      'SecretIdList',
      'RecoveryWindowInDays',
      'RotationRules',
    );
    const member = fc.oneof(fc.jsonValue(), fc.constant('streampass/red5'), fc.constant(versionId(1)));
    await fc.assert(
      fc.asyncProperty(operation, fc.dictionary(name, member), async (called, input) => {
        const { status } = await rawCall(endpoint, `secretsmanager.${called}`, JSON.stringify(input));
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 400 },
    );
  });
});

describe('a fault', () => {
  const create = new sdk.CreateSecretCommand({
    Name: 's',
    ClientRequestToken: versionId(1),
    SecretString: 'x',
  });

  /** An endpoint whose next call has this fault, and only that call. */
  async function startWithFault(fault: Fault) {
    const faults: Fault[] = [];
    const endpoint = await start({ faults: () => faults.shift() });
    return { endpoint, arm: () => faults.push(fault) };
  }

  test.each([
    ['throttle', 'ThrottlingException', 0],
    ['internal-error', 'InternalServiceError', 0],
    ['fail-after-effect', 'InternalServiceError', 1],
    ['drop-connection', undefined, 0],
    ['drop-after-effect', undefined, 1],
  ] as const)('%s fails the call', async (fault, code, secrets) => {
    const { endpoint, arm } = await startWithFault(fault);
    arm();
    const failure = await sdkClient(endpoint)
      .send(create)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure instanceof sdk.SecretsManagerServiceException ? failure.name : undefined).toBe(code);
    expect(endpoint.state().secrets).toHaveLength(secrets);
  });

  test.each([
    'throttle',
    'internal-error',
    'fail-after-effect',
    'drop-connection',
    'drop-after-effect',
  ] as const)('%s is outlived by the retry of the SDK, and the write is done once', async (fault) => {
    const { endpoint, arm } = await startWithFault(fault);
    arm();
    await sdkClient(endpoint, { maxAttempts: 2 }).send(create);
    expect(endpoint.state().secrets.map(({ versions }) => versions.length)).toEqual([1]);
  });

  test('hang is never answered, and does not keep the endpoint from closing', async () => {
    let asked = (): void => {};
    const hanging = new Promise<void>((resolve) => (asked = resolve));
    const endpoint = await start({
      faults: () => {
        asked();
        return 'hang';
      },
    });
    const answer = sdkClient(endpoint)
      .send(create)
      .catch((error: unknown) => error);
    await hanging;
    await endpoint.close();
    expect(await answer).toBeInstanceOf(Error);
    expect(endpoint.state().secrets).toEqual([]);
  });

  test('a stale read answers as before the last writes', async () => {
    const { endpoint, arm } = await startWithFault({ staleWrites: 2 });
    const client = sdkClient(endpoint);
    await client.send(create);
    for (const SecretString of ['second', 'third']) {
      await client.send(new sdk.PutSecretValueCommand({ SecretId: 's', SecretString }));
    }
    const read = new sdk.GetSecretValueCommand({ SecretId: 's' });
    arm();
    expect(await client.send(read)).toMatchObject({ SecretString: 'x', VersionStages: ['AWSCURRENT'] });
    expect(await client.send(read)).toMatchObject({ SecretString: 'third' });
  });

  test('a stale read leaves a write as it is', async () => {
    const { endpoint, arm } = await startWithFault({ staleWrites: 1 });
    arm();
    await sdkClient(endpoint).send(create);
    expect(endpoint.state().secrets).toHaveLength(1);
  });

  test('is asked for by operation and input', async () => {
    const calls: unknown[] = [];
    const endpoint = await start({
      faults: (operation, input) => {
        calls.push([operation, input]);
        return undefined;
      },
    });
    await sdkClient(endpoint).send(new sdk.ListSecretsCommand({ MaxResults: 5 }));
    expect(calls).toEqual([['ListSecrets', { MaxResults: 5 }]]);
  });
});

test('a call of the size of the largest value, all of it escaped, is taken', async () => {
  const endpoint = await start();
  const SecretString = '\u0001'.repeat(65_536);
  const body = JSON.stringify({ Name: 's', ClientRequestToken: versionId(1), SecretString });
  expect(Buffer.byteLength(body)).toBeGreaterThan(390_000);
  expect((await rawCall(endpoint, 'secretsmanager.CreateSecret', body)).status).toBe(200);
});
