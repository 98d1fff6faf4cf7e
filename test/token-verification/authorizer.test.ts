import { describe, expect, test } from 'vitest';
import { authorize } from '../../lib/token-verification/authorizer.ts';
import type { AuthorizerDeps } from '../../lib/token-verification/authorizer.ts';
import type { AuthorizerEvent } from '../../lib/token-verification/authorizer-event.ts';
import { issue, verifierWith, KEYS, NOW } from './scene.ts';

const deps: AuthorizerDeps = { verify: verifierWith(), now: () => NOW, cacheSeconds: 0, targets: undefined };
const token = await issue('red5', { actions: ['publish'], rooms: ['lobby'], transports: ['WHIP', 'RTMP'] });
const CONTEXT = {
  target: 'red5',
  sub: 'person-1',
  scope: 'publish',
  room: 'lobby',
  transport: 'WHIP RTMP',
  session: '',
  jti: 'jti-1',
  kid: '11111111',
  exp: NOW + 600,
};

/** An HTTP API, payload format 2.0. */
function httpApi(authorization: string | undefined): AuthorizerEvent {
  return {
    version: '2.0',
    type: 'REQUEST',
    headers: { ...(authorization !== undefined && { authorization }) },
    requestContext: { requestId: 'r1' },
  };
}

const METHOD_ARN = 'arn:aws:execute-api:eu-west-1:123456789012:abcdef/prod/GET/rooms/lobby';
/** A REST API, about a token or about a request, whose header names are as they were sent. */
const restToken = (value: string): AuthorizerEvent => ({
  type: 'TOKEN',
  methodArn: METHOD_ARN,
  authorizationToken: value,
});
const restRequest = (value: string): AuthorizerEvent => ({
  type: 'REQUEST',
  methodArn: METHOD_ARN,
  headers: { AUTHORIZATION: value },
});

describe('an HTTP API', async () => {
  test.each([
    ['a bearer token', `Bearer ${token}`],
    ['a scheme in any case', `bearer ${token}`],
    ['a token without a scheme', token],
    ['the fallback token', `Bearer ${await issue('red5', {}, { key: KEYS.red5[1] })}`],
  ])('lets in %s', async (_name, authorization) => {
    expect((await authorize(httpApi(authorization), deps)).response).toMatchObject({ isAuthorized: true });
  });

  test('is told what the token allows', async () => {
    expect((await authorize(httpApi(`Bearer ${token}`), deps)).response).toEqual({
      isAuthorized: true,
      context: CONTEXT,
    });
  });

  test.each([
    ['no header', undefined],
    ['another scheme', `Basic ${token}`],
    ['two tokens', `Bearer ${token} ${token}`],
    ['a token that has ended', `Bearer ${await issue('red5', {}, { at: NOW - 600 })}`],
  ])('turns away %s, and is told nothing', async (_name, authorization) => {
    expect((await authorize(httpApi(authorization), deps)).response).toEqual({
      isAuthorized: false,
      context: {},
    });
  });

  test('gives no answer while nobody can tell, since API Gateway would keep a no', async () => {
    const verify = verifierWith({ without: ['red5'] });
    const { response, facts } = await authorize(httpApi(`Bearer ${token}`), { ...deps, verify });
    expect(response).toBeUndefined();
    expect(facts).toEqual({ callback: 'authorizer', problem: 'secret_unavailable', unavailable: true });
  });

  test('takes tokens of the chosen targets alone', async () => {
    const chosen = { ...deps, targets: new Set(['jitsi']) };
    expect((await authorize(httpApi(token), chosen)).response).toMatchObject({ isAuthorized: false });
    expect((await authorize(httpApi(await issue('jitsi', {})), chosen)).response).toMatchObject({
      isAuthorized: true,
    });
  });
});

describe.each([
  ['TOKEN', restToken],
  ['REQUEST', restRequest],
])('a REST API, %s', (_type, event) => {
  test('gets a policy for its whole stage, since it keeps it for every method', async () => {
    expect((await authorize(event(`Bearer ${token}`), deps)).response).toEqual({
      principalId: 'person-1',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Action: 'execute-api:Invoke',
            Effect: 'Allow',
            Resource: 'arn:aws:execute-api:eu-west-1:123456789012:abcdef/prod/*',
          },
        ],
      },
      context: CONTEXT,
    });
  });

  test('gets a policy that denies everything for a bad token', async () => {
    expect((await authorize(event('Bearer nothing'), deps)).response).toMatchObject({
      principalId: 'nobody',
      policyDocument: { Statement: [{ Effect: 'Deny', Resource: '*' }] },
      context: {},
    });
  });

  test('gets a context of texts and numbers alone', async () => {
    const { response } = await authorize(event(`Bearer ${token}`), deps);
    const types = new Set(Object.values(response?.context ?? {}).map((value) => typeof value));
    expect([...types].sort()).toEqual(['number', 'string']);
  });
});

describe('an answer that API Gateway keeps', () => {
  test.each([
    [599, true],
    [600, false],
    [3600, false],
  ])('for %i s is given for a token with 600 s left: %s', async (cacheSeconds, isAuthorized) => {
    const { response } = await authorize(httpApi(token), { ...deps, cacheSeconds });
    expect(response).toMatchObject({ isAuthorized });
  });
});
