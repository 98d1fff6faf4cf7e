import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ATTACKS } from './attacks.ts';
import { startBuiltFunction } from './built-function.ts';
import type { BuiltFunction } from './built-function.ts';
import { ENDPOINTS } from './endpoints.ts';

/** The attacks on `/token` that mean something elsewhere too, at the other endpoints: each by its own well-formed request. */

const attacks = Object.values(ATTACKS)
  .flat()
  .flatMap(({ sent, ...attack }) => (sent === undefined ? [] : [{ ...attack, sent }]));

test('most attacks on tokens and rooms go to every endpoint', () => {
  expect(attacks.length).toBeGreaterThan(150);
});

describe.each(ENDPOINTS)('at $path', ({ options, event, opens, outcomeOf, expected }) => {
  let built: BuiltFunction;

  beforeAll(async () => {
    built = await startBuiltFunction(options);
  });
  afterAll(() => built?.close());

  test('the well-formed request is answered', async () => {
    expect(outcomeOf(await built.handler(await event(built, {})))).toBe(opens);
  });

  test.each(attacks)('a caller $attack', async (attack) => {
    const sent = attack.sent(built.issuer);
    const response = await built.handler(await event(built, sent));
    const outcome = outcomeOf(response);
    const wanted = expected(attack, sent);
    if (typeof wanted === 'string') expect(outcome).toBe(wanted);
    else expect(outcome).toMatch(wanted);
    expect(response.headers['cache-control']).toBe('no-store');
  });

  test('a request of which any part is something else is answered, and never with a 5xx but 503', async () => {
    const parts = ['headers', 'body', 'pathParameters', 'requestContext', 'rawPath', 'routeKey', 'version'];
    const odd = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.string({ unit: 'binary' }),
      fc.dictionary(
        fc.constantFrom('authorization', 'content-type', 'target', 'room', 'stream', '__proto__', 'http'),
        fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.string({ unit: 'binary' })),
      ),
    );
    const changes = fc.dictionary(fc.constantFrom(...parts), odd, { minKeys: 1, maxKeys: 3 });
    await fc.assert(
      fc.asyncProperty(changes, async (changed) => {
        const { statusCode } = await built.handler({ ...(await event(built, {})), ...changed });
        expect(statusCode < 500 || statusCode === 503).toBe(true);
      }),
      { numRuns: 100 },
    );
    expect(built.log()).not.toContain('defect');
  });

  test('a token in which any character is another opens nothing', async () => {
    const good = await event(built, {});
    const [, token = ''] = /Bearer (.*)/.exec(good.headers?.['authorization'] ?? '') ?? [];
    const character = fc.constantFrom(...Array.from('ABCDwxyz0189-_.=+/ \n\u0000é'));
    await fc.assert(
      fc.asyncProperty(fc.nat(Math.max(0, token.length - 1)), character, async (at, other) => {
        const changed = token.slice(0, at) + other + token.slice(at + 1);
        fc.pre(changed !== token);
        const { statusCode } = await built.handler(await event(built, { token: changed }));
        expect(statusCode === 200 || (statusCode >= 400 && statusCode < 500)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('no token, no secret and nothing of a request is in the log', async () => {
    const response = await built.handler(await event(built, {}));
    const given = /[\w-]+\.[\w-]+\.([\w-]{40,})/.exec(
      response.body + (response.headers['location'] ?? ''),
    )?.[1];
    const sent = /[\w-]+\.[\w-]+\.([\w-]{40,})/.exec(JSON.stringify(await event(built, {})))?.[1];
    const hidden = [given, sent, ...built.secrets.values()].filter((text) => text !== undefined);
    expect(hidden.filter((text) => built.log().includes(text))).toEqual([]);
  });
});
