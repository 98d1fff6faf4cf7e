import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiGatewayResponse } from '../../lib/api-gateway/event.ts';
import { FORM, claimsOf, formOf, rawRequest, request, tokenOf } from './attack.ts';
import { startBuiltFunction } from './built-function.ts';
import type { BuiltFunction } from './built-function.ts';

let token: BuiltFunction;

beforeAll(async () => {
  token = await startBuiltFunction();
});

afterAll(() => token.close());

let people = 0;

/** A person whom nobody has seen: one person's tokens a minute are limited. */
const somebody = (): string => `person-${++people}`;

type Answer = Readonly<Record<string, unknown>>;

/** What is promised of every answer, whatever was asked. */
function expectContract(response: ApiGatewayResponse): Answer {
  expect([200, 400, 503]).toContain(response.statusCode);
  expect(response.headers['cache-control']).toBe('no-store');
  const body = JSON.parse(response.body) as Answer;
  expect(body['reason']).not.toBe('internal');
  return body;
}

/** The rules of the default configuration, told once more and in another way: the longest lifetime, or 0. */
function longestAllowed(
  groups: readonly string[],
  target: string,
  action: string,
  room: string,
  transport: string,
): number {
  const isPublic = room.startsWith('public-');
  const isIn = (group: string): boolean => groups.includes(group);
  if (target === 'rtcstats') return action === 'report' ? 6 * 3600 : 0;
  if (target === 'jitsi') {
    if (isIn('moderators')) return 3600;
    return action === 'join' && isPublic ? 3600 : 0;
  }
  if (isIn('moderators')) return 3540;
  if (isIn('broadcasters') && action === 'publish' && ['WHIP', 'RTMP'].includes(transport)) return 3540;
  return isIn('viewers') && action === 'subscribe' && isPublic && transport === 'WHEP' ? 900 : 0;
}

/** Every combination that the servers would accept of a token, by what they read. */
function combinationsOf(
  claims: Readonly<Record<string, unknown>>,
): readonly (readonly [string, string, string])[] {
  if (claims['rtcStats'] !== undefined) {
    const { conference = '*' } = claims['rtcStats'] as { readonly conference?: string };
    return [['report', conference, '']];
  }
  if (claims['context'] !== undefined) {
    const { user } = claims['context'] as { readonly user: { readonly moderator: boolean } };
    const actions = user.moderator ? ['join', 'moderate'] : ['join'];
    return actions.map((action) => [action, String(claims['room']), '']);
  }
  const list = (name: string): readonly string[] => {
    const value = claims[name] ?? '*';
    expect(value).toMatch(/./);
    return (value as string).split(',');
  };
  const actionOf: Readonly<Record<string, string>> = {
    'red5-publisher': 'publish',
    'red5-subscriber': 'subscribe',
  };
  return list('roles').flatMap((role) =>
    list('red5-room').flatMap((room) =>
      list('red5-transport').map((transport) => [actionOf[role] ?? 'publish', room, transport] as const),
    ),
  );
}

/** That each combination of each token is allowed to a user in these groups, by one rule and for as long. */
function expectAllowed(answer: Answer, targets: readonly string[], groups: readonly string[]): void {
  const [first = ''] = targets;
  const { tokens = { [first]: answer } } = answer as { readonly tokens?: Record<string, Answer> };
  expect(Object.keys(tokens)).toEqual(targets);
  for (const [target, { access_token: accessToken, expires_in: expiresIn }] of Object.entries(tokens)) {
    const claims = claimsOf(String(accessToken));
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(expiresIn);
    const tooLong = combinationsOf(claims).filter(
      ([action, room, transport]) =>
        !(Number(expiresIn) <= longestAllowed(groups, target, action, room, transport)),
    );
    expect(tooLong, `for ${groups.join()} on ${target}`).toEqual([]);
  }
}

describe('an event of any content', () => {
  const anyJson = fc.jsonValue({ maxDepth: 2 });
  const text = fc.string({ unit: 'binary' });
  const event = fc.record(
    {
      version: anyJson,
      rawPath: fc.oneof(text, anyJson),
      rawQueryString: text,
      headers: fc.oneof(
        anyJson,
        fc.dictionary(
          fc.constantFrom('content-type', 'host', '__proto__'),
          fc.oneof(text, anyJson, fc.constant(FORM)),
        ),
      ),
      body: fc.oneof(text, anyJson),
      isBase64Encoded: fc.oneof(fc.boolean(), anyJson),
      requestContext: fc.oneof(
        anyJson,
        fc.record(
          {
            domainName: fc.oneof(text, anyJson),
            requestId: anyJson,
            http: fc.oneof(anyJson, fc.record({ sourceIp: anyJson, method: anyJson })),
          },
          { requiredKeys: [] },
        ),
      ),
      pathParameters: anyJson,
    },
    { requiredKeys: [] },
  );

  test('is answered by contract and gets nothing', async () => {
    await fc.assert(
      fc.asyncProperty(event, async (sent) => {
        const response = await token.handler(sent);
        expectContract(response);
        expect(response.statusCode).toBe(400);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['a domain that cannot be written as text', { requestContext: { domainName: { toString: 1 } } }],
    ['a list of headers', { headers: [FORM], body: [] }],
    ['nothing but null', { headers: null, body: null, requestContext: null, isBase64Encoded: null }],
  ])('with %s is answered by contract', async (_title, sent) => {
    expect(expectContract(await token.handler(sent))['reason']).toBe('content_type');
  });

  test('that is not an object is answered by contract too', async () => {
    await fc.assert(
      fc.asyncProperty(anyJson, async (sent) => {
        expect(expectContract(await token.handler(sent))['access_token']).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });

  test('with a body of any bytes is answered by contract and gets nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        const sent = { ...rawRequest(Buffer.from(bytes).toString('base64')), isBase64Encoded: true };
        const response = await token.handler(sent);
        expectContract(response);
        expect(response.statusCode).toBe(400);
      }),
      { numRuns: 300 },
    );
  });

  test('with a good form and any bytes after it never gives more than the form', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 60 }), async (bytes) => {
        const body = Buffer.concat([Buffer.from(`${formOf(token.issuer)}&`), bytes]);
        const response = await token.handler({
          ...rawRequest(body.toString('base64')),
          isBase64Encoded: true,
        });
        const answer = expectContract(response);
        expect([undefined, 'subscribe']).toContain(answer['scope']);
      }),
      { numRuns: 300 },
    );
  });
});

test('a token in which any character is another is worth nothing', async () => {
  const good = tokenOf(token.issuer);
  const character = fc.constantFrom(...Array.from('ABCDwxyz0189-_.=+/ \n\u0000é'));
  await fc.assert(
    fc.asyncProperty(
      fc.nat(good.length - 1),
      character,
      fc.constantFrom(0, 1),
      async (at, other, removed) => {
        const changed = good.slice(0, at) + other + good.slice(at + removed);
        fc.pre(changed !== good);
        const response = await token.handler(request(token.issuer, { subject_token: changed }));
        expectContract(response);
        expect(response.statusCode).not.toBe(200);
      },
    ),
    { numRuns: 500 },
  );
});

describe('whatever a person asks for', () => {
  const groupSets = fc.subarray(['broadcasters', 'viewers', 'moderators', 'admins', '__proto__']);
  const words = (...all: string[]): fc.Arbitrary<string> =>
    fc.array(fc.constantFrom(...all), { minLength: 1, maxLength: 3 }).map((list) => list.join(' '));
  const anything = fc.string({ unit: 'binary', minLength: 1 });
  const oftener = <T>(likely: fc.Arbitrary<T>, unlikely: fc.Arbitrary<T>): fc.Arbitrary<T> =>
    fc.oneof({ arbitrary: likely, weight: 9 }, { arbitrary: unlikely, weight: 1 });
  /** Mostly in the target's own words, so that many wishes are granted. */
  const wishOf = (audience: string | string[], actions: readonly string[], rooms: fc.Arbitrary<string>) =>
    fc.record(
      {
        audience: fc.constant(audience),
        scope: oftener(words(...actions), words('publish', 'subscribe', 'join', 'moderate', 'report', '*')),
        room: oftener(rooms, anything),
        transport: oftener(words('WHIP', 'WHEP', 'rtmp', 'RTSP'), anything),
        expires_in: oftener(fc.integer({ min: 60, max: 1_000_000 }).map(String), fc.string()),
        session: oftener(fc.constant('s-1'), fc.string()),
      },
      { requiredKeys: ['audience'] },
    );
  const oneRoom = fc.constantFrom('public-a', 'vip', 'PUBLIC-A');
  const wish = fc.oneof(
    wishOf('red5', ['publish', 'subscribe'], words('public-a', 'public-b', 'vip', 'PUBLIC-A')),
    wishOf('jitsi', ['join', 'moderate'], oneRoom),
    wishOf('rtcstats', ['report'], oneRoom),
    wishOf(['red5', 'jitsi', 'rtcstats'], ['subscribe', 'join', 'report'], oneRoom),
  );

  test('each combination of the token they get is allowed by one rule, for as long', async () => {
    let granted = 0;
    await fc.assert(
      fc.asyncProperty(groupSets, wish, async (groups, changes) => {
        const response = await token.handler(
          request(token.issuer, {
            room: undefined,
            ...changes,
            subject_token: tokenOf(token.issuer, { sub: somebody(), groups }),
          }),
        );
        const answer = expectContract(response);
        if (response.statusCode !== 200) return;
        granted += 1;
        expectAllowed(answer, [changes.audience].flat(), groups);
      }),
      { numRuns: 1500 },
    );
    expect(granted).toBeGreaterThan(100);
  });
});

describe('a token whose claims and header members are of any type', () => {
  const odd: fc.Arbitrary<unknown> = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(
      null,
      true,
      'true',
      '',
      '*',
      '__proto__',
      1e308,
      -1,
      0.5,
      2 ** 53,
      'a'.repeat(300),
      '\u0000',
      [],
      {},
    ),
    fc.constantFrom<unknown>([['moderators']], { moderators: 1 }, ['moderators', 7], 'moderators', {
      roles: ['moderators'],
    }),
    fc.string({ unit: 'binary', maxLength: 300 }),
  );
  const claimNames = (
    'iss sub aud azp exp iat nbf jti sid typ events auth_time nonce acr amr groups roles realm_access realm_access.roles ' +
    'cognito:groups _claim_names tid scope cnf name given_name family_name preferred_username email email_verified ' +
    'picture context room __proto__ constructor toString rtcStats red5-room moderator'
  ).split(' ');
  const headerNames = 'typ kid cty jku jwk x5c x5u x5t crit b64 zip enc __proto__'.split(' ');
  const some = (names: readonly string[], values: fc.Arbitrary<unknown>) =>
    fc.dictionary(fc.constantFrom(...names), values, { maxKeys: 3 });
  const target = fc.constantFrom('red5', 'jitsi', 'rtcstats');

  /** What is a group of `oidc()`: strings in an array, one string, or the names of an object. */
  function groupsIn(claim: unknown): readonly string[] {
    if (typeof claim === 'string') return [claim];
    if (Array.isArray(claim)) return claim.filter((entry) => typeof entry === 'string');
    const names = Object.entries(claim ?? {});
    return names.filter(([, value]) => value !== false && value !== null).map(([name]) => name);
  }

  test('is refused with a reason, or gets what its groups may have', async () => {
    let granted = 0;
    await fc.assert(
      fc.asyncProperty(
        some(claimNames, odd),
        some(headerNames, odd),
        target,
        async (claims, header, audience) => {
          const subjectToken = tokenOf(token.issuer, { sub: somebody(), ...claims }, header);
          const response = await token.handler(
            request(token.issuer, { audience, subject_token: subjectToken, room: 'public-a' }),
          );
          const answer = expectContract(response);
          if (response.statusCode !== 200) return;
          granted += 1;
          const groups = Object.hasOwn(claims, 'groups') ? claims['groups'] : ['viewers'];
          expectAllowed(answer, [audience], groupsIn(groups));
        },
      ),
      { numRuns: 1500 },
    );
    expect(granted).toBeGreaterThan(50);
  });
});
