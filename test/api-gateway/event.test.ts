import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorsUrlOf, headerOf, routePathOf, toEvent } from '../../lib/api-gateway/event.ts';

/** The same request as API Gateway sends it in both formats, and as a load balancer does. */
const FORM = 'application/x-www-form-urlencoded';
const version2 = {
  version: '2.0',
  routeKey: 'POST /token',
  rawPath: '/token',
  headers: { 'content-type': FORM },
  requestContext: {
    domainName: 'api.example.com',
    requestId: 'r-1',
    http: { method: 'POST', path: '/token', sourceIp: '192.0.2.7' },
  },
  body: 'a=b',
  isBase64Encoded: false,
};
const version1 = {
  version: '1.0',
  resource: '/token',
  path: '/token',
  httpMethod: 'POST',
  headers: { 'Content-Type': FORM },
  multiValueHeaders: { 'Content-Type': [FORM] },
  queryStringParameters: null,
  pathParameters: null,
  requestContext: {
    domainName: 'api.example.com',
    requestId: 'r-1',
    path: '/token',
    identity: { sourceIp: '192.0.2.7' },
  },
  body: 'a=b',
  isBase64Encoded: false,
};
const loadBalancer = {
  requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/t/1' } },
  httpMethod: 'POST',
  path: '/token',
  queryStringParameters: {},
  headers: { 'content-type': FORM, 'x-forwarded-for': '203.0.113.66, 192.0.2.7' },
  body: 'a=b',
  isBase64Encoded: false,
};
const { headers: single, ...withoutHeaders } = loadBalancer;
const multiValue = {
  ...withoutHeaders,
  multiValueHeaders: {
    'Content-Type': [FORM],
    'x-forwarded-for': single['x-forwarded-for'].split(','),
  },
};

describe.each([
  ['payload format 2.0', version2],
  ['payload format 1.0', version1],
  ['a load balancer', loadBalancer],
  ['a load balancer with multi-value headers', multiValue],
])('the event of %s', (_name, sent) => {
  const event = toEvent(sent);

  test('has the header under its name in lower case, the method, the address and the body', () => {
    expect(headerOf(event, 'content-type')).toBe(FORM);
    expect(event.requestContext?.http).toEqual({ method: 'POST', sourceIp: '192.0.2.7' });
    expect(event).toMatchObject({ body: 'a=b', isBase64Encoded: false, rawPath: '/token' });
    expect(routePathOf(event)).toBe('/token');
  });

  test('stays what it is when it is read again', () => {
    expect(toEvent(event)).toEqual(event);
  });
});

test('a header that is sent twice has both values', () => {
  const event = toEvent({ multiValueHeaders: { 'Content-Type': [FORM, 'text/plain'] } });
  expect(headerOf(event, 'content-type')).toBe(`${FORM},text/plain`);
});

test('a header that only the prototype has is none', () => {
  expect(headerOf(toEvent({ headers: {} }), 'constructor')).toBeUndefined();
});

test('no event, whatever it holds, has a part of another type', () => {
  const part = fc.jsonValue({ maxDepth: 3 });
  const names = fc.constantFrom(...Object.keys(version1), ...Object.keys(version2));
  fc.assert(
    fc.property(fc.oneof(part, fc.dictionary(names, part)), (sent) => {
      const { headers, queryStringParameters, pathParameters, requestContext, ...rest } = toEvent(sent);
      for (const list of [headers, queryStringParameters, pathParameters]) {
        expect(Object.values(list ?? {}).every((value) => typeof value === 'string')).toBe(true);
      }
      const { http, ...context } = requestContext ?? {};
      const texts = { ...rest, ...context, ...http, isBase64Encoded: undefined };
      expect(Object.values(texts).every((value) => value === undefined || typeof value === 'string')).toBe(
        true,
      );
    }),
  );
});

describe('the page of errors', () => {
  test.each([
    ['at the root', version2, 'https://api.example.com/errors'],
    [
      'below a base path',
      { ...version2, rawPath: '/streams/token' },
      'https://api.example.com/streams/errors',
    ],
    ['in a named stage', { ...version2, rawPath: '/prod/token' }, 'https://api.example.com/prod/errors'],
    [
      'below a base path, by payload format 1.0',
      { ...version1, requestContext: { ...version1.requestContext, path: '/a/b/token' } },
      'https://api.example.com/a/b/errors',
    ],
    [
      'from a route with a parameter',
      { ...version2, routeKey: 'GET /asap/{file}', rawPath: '/prod/asap/x.pem' },
      'https://api.example.com/prod/errors',
    ],
    [
      'from a catch-all route',
      { ...version2, routeKey: '$default', rawPath: '/x/token' },
      'https://api.example.com/errors',
    ],
    [
      'from a path that is not a plain one',
      { ...version2, rawPath: '//evil.example"><script>/token' },
      'https://api.example.com/errors',
    ],
  ])('has an address that works %s', (_name, sent, address) => {
    expect(errorsUrlOf(toEvent(sent), undefined)).toBe(address);
  });

  test('is where PUBLIC_URL says, whatever the request’s path is', () => {
    const event = toEvent({ ...version2, rawPath: '/prod/token' });
    expect(errorsUrlOf(event, 'https://live.example.com/streams/')).toBe(
      'https://live.example.com/streams/errors',
    );
  });
});
