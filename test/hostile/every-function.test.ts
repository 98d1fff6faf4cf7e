import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startBuiltFunction } from './built-function.ts';

const anyJson = fc.jsonValue({ maxDepth: 2 });
const path = fc.constantFrom(
  '/errors',
  '/red5/validateCredentials',
  '/red5/invalidateCredentials',
  '/mediamtx/auth',
  '/introspect',
  '/asap/0000.pem',
  '/.well-known/jwks.json',
  '/livekit/token',
  '/whip/red5/public-a/main',
  '/nodes/red5',
);
const headers = fc.dictionary(
  fc.constantFrom('content-type', 'authorization', '__proto__'),
  fc.oneof(anyJson, fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'Bearer a.b.c')),
);
const event = fc.oneof(
  anyJson,
  fc.record(
    {
      version: anyJson,
      rawPath: fc.oneof(path, anyJson),
      headers: fc.oneof(headers, anyJson),
      body: fc.oneof(
        fc.string({ unit: 'binary' }),
        anyJson.map((value) => JSON.stringify(value)),
        anyJson,
      ),
      isBase64Encoded: fc.oneof(fc.boolean(), anyJson),
      requestContext: fc.oneof(
        fc.record({ domainName: anyJson, http: anyJson }, { requiredKeys: [] }),
        anyJson,
      ),
      pathParameters: fc.oneof(
        fc.dictionary(fc.constantFrom('file', 'target', 'room', 'stream', '__proto__'), anyJson),
        anyJson,
      ),
      identitySource: anyJson,
      routeArn: anyJson,
    },
    { requiredKeys: [] },
  ),
);

test.each(['metadata', 'health', 'keys', 'callbacks', 'authorizer', 'whip', 'livekit', 'nodes'])(
  'whatever %s is invoked with, it answers, and never with a 5xx but 503',
  async (name) => {
    const built = await startBuiltFunction({ name });
    try {
      await fc.assert(
        fc.asyncProperty(event, async (sent) => {
          const answer = await built.handler(sent, {});
          expect(answer).toEqual(expect.any(Object));
          // The authorizer answers with a policy, which has no status.
          const { statusCode } = answer as Partial<typeof answer>;
          expect(statusCode === undefined || statusCode < 500 || statusCode === 503).toBe(true);
        }),
        { numRuns: 200 },
      );
      expect(built.log()).not.toContain('defect');
    } finally {
      await built.close();
    }
  },
);
