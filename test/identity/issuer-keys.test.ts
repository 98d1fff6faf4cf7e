/** Keys of a real provider over real HTTP, in virtual time: what is asked of it, and what a token's caller gets. */

import type { ServerResponse } from 'node:http';
import { exportJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { getJson } from '../../lib/node/https-json.ts';
import { createIssuerKeys } from '../../lib/identity/issuer-keys.ts';
import type { IssuerKeys, KeyLookup } from '../../lib/identity/key-cache.ts';
import { oidc } from '../../lib/identity/presets/oidc.ts';
import type { GetJson } from '../../lib/ports.ts';
import { newKeyPair } from '../jws/key-pairs.ts';
import { cutOff, hang, redirect, startProvider, text } from './provider.ts';
import type { Answer, Provider } from './provider.ts';
import { createVirtualClock } from './virtual-clock.ts';
import type { VirtualClock } from './virtual-clock.ts';

const DISCOVERY = '/.well-known/openid-configuration';
const OLD = newKeyPair('ES256', 'old').jwk;
const NEW = newKeyPair('ES256', 'new').jwk;
const [OLD_SET, NEW_SET, BOTH] = [{ keys: [OLD] }, { keys: [NEW] }, { keys: [OLD, NEW] }];
const HOUR = 3600;

let provider: Provider;
let clock: VirtualClock;
let keys: IssuerKeys;
let problems: string[];
/** What was had from the provider, in the order in which it came. */
let documents: unknown[];

const getDocument: GetJson = async (url, seconds) => {
  const document = await getJson(url, seconds);
  documents.push(document);
  return document;
};

/** As a new instance of the function has them: nothing fetched yet. */
function newIssuerKeys(issuer = provider.origin): IssuerKeys {
  return createIssuerKeys({
    issuer: oidc({ issuer, audience: 'client' }),
    getJson: getDocument,
    now: clock.now,
    within: clock.within,
    onProblem: (problem) => problems.push(problem),
  });
}

/** Keys of an issuer that says where they are. */
function newIssuerKeysAt(...paths: readonly string[]): IssuerKeys {
  return createIssuerKeys({
    issuer: {
      ...oidc({ issuer: provider.origin, audience: 'client' }),
      jwksUris: paths.map((path) => provider.origin + path),
    },
    getJson: getDocument,
    now: clock.now,
    within: clock.within,
    onProblem: (problem) => problems.push(problem),
  });
}

beforeEach(async () => {
  provider = await startProvider();
  provider.answers.set(DISCOVERY, { issuer: provider.origin, jwks_uri: `${provider.origin}/jwks` });
  provider.answers.set('/jwks', OLD_SET);
  clock = createVirtualClock();
  problems = [];
  documents = [];
  keys = newIssuerKeys();
});
afterEach(() => provider.close());

const header = (kid: string) => ({ alg: 'ES256', kid });
const fetches = () => ({ discovery: provider.count(DISCOVERY), jwks: provider.count('/jwks') });
const requests = () => provider.count(DISCOVERY) + provider.count('/jwks');
/** `found` and the kid of the key that was found. */
const outcomeOf = async (lookup: KeyLookup): Promise<string> => {
  if (!lookup.found) {
    if (lookup.why === 'no_key_fits') return 'no key fits';
    return `${lookup.why === 'unknown_kid' ? 'unknown for' : 'retry in'} ${lookup.retryAfterSeconds}`;
  }
  const { x } = await exportJWK(lookup.key);
  return `found ${[OLD, NEW].find((jwk) => jwk.x === x)?.kid}`;
};
const ask = async (kid: string): Promise<string> => outcomeOf(await keys.keyFor(header(kid)));
const askTimes = (times: number, kid: (index: number) => string): Promise<string[]> =>
  Promise.all(Array.from({ length: times }, (_, index) => ask(kid(index))));
const isReady = (): Promise<boolean> =>
  keys.ready().then(
    () => true,
    () => false,
  );

describe('while the provider answers', () => {
  test('asks nothing before the first token, and once for a thousand at a time', async () => {
    expect(requests()).toBe(0);
    expect(new Set(await askTimes(1000, () => 'old'))).toEqual(new Set(['found old']));
    expect(fetches()).toEqual({ discovery: 1, jwks: 1 });
  });

  test('keeps keys for ten minutes', async () => {
    await ask('old');
    await clock.pass(600);
    expect(await ask('old')).toBe('found old');
    expect(fetches()).toEqual({ discovery: 1, jwks: 1 });
    await clock.pass(1);
    expect(await askTimes(100, () => 'old')).toContain('found old');
    expect(fetches()).toEqual({ discovery: 1, jwks: 2 });
  });

  test('does not accept a key that the provider took back, ten minutes later', async () => {
    await ask('old');
    provider.answers.set('/jwks', NEW_SET);
    await clock.pass(601);
    expect(await ask('old')).toBe('unknown for 30');
    expect(await ask('new')).toBe('found new');
  });

  test('finds a new key at once', async () => {
    await ask('old');
    provider.answers.set('/jwks', BOTH);
    expect(await ask('new')).toBe('found new');
    expect(await ask('old')).toBe('found old');
    expect(fetches()).toEqual({ discovery: 1, jwks: 2 });
  });

  test('is not asked for another unknown kid within 30 s of one that it had', async () => {
    await ask('old');
    provider.answers.set('/jwks', BOTH);
    expect(await ask('new')).toBe('found new');
    expect(await ask('made-up')).toBe('unknown for 30');
    expect(fetches()).toEqual({ discovery: 1, jwks: 2 });
    await clock.pass(30);
    expect(await ask('made-up')).toBe('unknown for 30');
    expect(fetches()).toEqual({ discovery: 1, jwks: 3 });
  });

  test('follows keys that moved within an hour', async () => {
    await ask('old');
    provider.answers.set(DISCOVERY, { issuer: provider.origin, jwks_uri: `${provider.origin}/moved` });
    provider.answers.set('/moved', NEW_SET);
    await clock.pass(HOUR);
    expect(await ask('new')).toBe('found new');
  });

  test('follows keys that moved and left nothing behind within half a minute', async () => {
    await ask('old');
    provider.answers.set(DISCOVERY, { issuer: provider.origin, jwks_uri: `${provider.origin}/moved` });
    provider.answers.set('/moved', NEW_SET);
    provider.answers.delete('/jwks');
    expect(await ask('new')).toBe('retry in 30');
    await clock.pass(30);
    expect(await ask('new')).toBe('found new');
  });

  test('a key of another type or for another algorithm costs no fetch', async () => {
    await ask('old');
    expect(await outcomeOf(await keys.keyFor({ alg: 'RS256', kid: 'old' }))).toBe('no key fits');
    expect(await outcomeOf(await keys.keyFor({ alg: 'HS256', kid: 'old' }))).toBe('no key fits');
    expect(fetches()).toEqual({ discovery: 1, jwks: 1 });
  });

  test('a token without a kid costs no fetch, and is never tried with several keys', async () => {
    provider.answers.set('/jwks', BOTH);
    expect(await outcomeOf(await keys.keyFor({ alg: 'ES256' }))).toBe('no key fits');
    provider.answers.set('/jwks', NEW_SET);
    await clock.pass(601);
    expect(await outcomeOf(await keys.keyFor({ alg: 'ES256' }))).toBe('found new');
    expect(fetches()).toEqual({ discovery: 1, jwks: 2 });
  });
});

describe('made-up kids', () => {
  test('cause one fetch in 30 s, and the seconds left are told', async () => {
    await ask('old');
    expect(await ask('made-up')).toBe('unknown for 30');
    expect(await ask('made-up')).toBe('unknown for 30');
    await clock.pass(12.5);
    expect(await ask('another')).toBe('unknown for 18');
    expect(await ask('old')).toBe('found old');
    expect(fetches()).toEqual({ discovery: 1, jwks: 2 });
    await clock.pass(17.5);
    expect(await ask('another')).toBe('unknown for 30');
    expect(fetches()).toEqual({ discovery: 1, jwks: 3 });
  });

  test('cause one fetch where they come first', async () => {
    expect(new Set(await askTimes(100, (index) => `made-up-${index}`))).toEqual(new Set(['unknown for 30']));
    expect(await ask('made-up')).toBe('unknown for 30');
    expect(await ask('old')).toBe('found old');
    expect(fetches()).toEqual({ discovery: 1, jwks: 1 });
  });

  test('a flood of them for five minutes causes eleven fetches, and good tokens never wait', async () => {
    await ask('old');
    for (let second = 0; second <= 300; second++) {
      const outcomes = await askTimes(20, (index) => `made-up-${second}-${index}`);
      expect(outcomes).not.toContain('found old');
      expect(await ask('old')).toBe('found old');
      await clock.pass(1);
    }
    expect(fetches()).toEqual({ discovery: 1, jwks: 1 + 11 });
  });

  test('do not keep a new key out for longer than 30 s', async () => {
    await ask('old');
    await ask('made-up');
    provider.answers.set('/jwks', BOTH);
    expect(await ask('new')).toBe('unknown for 30');
    await clock.pass(30);
    expect(await ask('new')).toBe('found new');
  });
});

describe('a provider that is down', () => {
  test('is asked once in 30 s from the start, and found again by itself', async () => {
    provider.answers.delete(DISCOVERY);
    expect(new Set(await askTimes(100, () => 'old'))).toEqual(new Set(['retry in 30']));
    await clock.pass(29);
    expect(await ask('old')).toBe('retry in 1');
    expect(await isReady()).toBe(false);
    expect(requests()).toBe(1);

    provider.answers.set(DISCOVERY, { issuer: provider.origin, jwks_uri: `${provider.origin}/jwks` });
    await clock.pass(1);
    expect(await ask('old')).toBe('found old');
    expect(await isReady()).toBe(true);
  });

  test('leaves its keys in use for a day, and no longer', async () => {
    await ask('old');
    provider.answers.clear();
    await clock.pass(601);
    expect(await ask('old')).toBe('found old');
    expect(await ask('made-up')).toBe('retry in 30');
    await clock.pass(24 * HOUR - 601);
    expect(await ask('old')).toBe('found old');
    expect(await isReady()).toBe(true);
    await clock.pass(31);
    expect(await ask('old')).toBe('retry in 30');
    expect(await isReady()).toBe(false);

    provider.answers.set(DISCOVERY, { issuer: provider.origin, jwks_uri: `${provider.origin}/jwks` });
    provider.answers.set('/jwks', NEW_SET);
    await clock.pass(30);
    expect(await ask('new')).toBe('found new');
    expect(await ask('old')).toBe('unknown for 30');
  });

  test('is asked twice a minute at most while its keys are old, whatever the callers do', async () => {
    await ask('old');
    provider.answers.clear();
    const before = requests();
    await clock.pass(601);
    for (let second = 0; second < 300; second++) {
      expect(await ask('old')).toBe('found old');
      expect(await ask(`made-up-${second}`)).toMatch(/^retry in /);
      await clock.pass(1);
    }
    expect(requests() - before).toBe(10);
  });
});

describe('a provider that hangs', () => {
  test.each([DISCOVERY, '/jwks'])(
    'at %s costs a request three seconds, and the next ones nothing',
    async (path) => {
      provider.answers.set(path, hang);
      const pending = ask('old');
      await vi.waitFor(() => expect(provider.count(path)).toBe(1));
      await clock.pass(3);
      expect(await pending).toBe('retry in 27');
      expect(await ask('old')).toBe('retry in 27');
      expect(provider.count(path)).toBe(1);
    },
  );

  test('does not hold up requests once it answers again, though the old fetch still hangs', async () => {
    provider.answers.set('/jwks', hang);
    const pending = ask('old');
    await vi.waitFor(() => expect(provider.count('/jwks')).toBe(1));
    await clock.pass(3);
    await pending;
    provider.answers.set('/jwks', NEW_SET);
    await clock.pass(27);
    expect(await ask('new')).toBe('found new');
  });

  test('leaves old keys in use', async () => {
    await ask('old');
    provider.answers.set('/jwks', hang);
    await clock.pass(601);
    const pending = ask('old');
    await vi.waitFor(() => expect(provider.count('/jwks')).toBe(2));
    await clock.pass(3);
    expect(await pending).toBe('found old');
  });

  test('cannot put old keys back with an answer that comes too late', async () => {
    const held = Promise.withResolvers<ServerResponse>();
    provider.answers.set('/jwks', held.resolve);
    const frozen = ask('old');
    const response = await held.promise;
    await clock.pass(31);
    expect(await frozen).toMatch(/^retry in /);
    provider.answers.set('/jwks', NEW_SET);
    expect(await ask('new')).toBe('found new');
    const generation = keys.generationAt(clock.now());

    const answered = documents.length;
    text(JSON.stringify(OLD_SET))(response);
    await vi.waitFor(() => expect(documents).toHaveLength(answered + 1));
    await clock.pass(0);
    expect(await ask('new')).toBe('found new');
    expect(keys.generationAt(clock.now())).toBe(generation);
  });

  test('cannot end a later wait with a failure that comes too late', async () => {
    const held = Promise.withResolvers<ServerResponse>();
    provider.answers.set('/jwks', held.resolve);
    const frozen = ask('old');
    const response = await held.promise;
    await clock.pass(31);
    await frozen;
    provider.answers.set('/jwks', OLD_SET);
    expect(await ask('made-up')).toBe('unknown for 30');

    response.destroy();
    await vi.waitFor(() => expect(problems).toHaveLength(1));
    expect(await ask('made-up')).toBe('retry in 30');
    expect(provider.count('/jwks')).toBe(2);
  });

  test('counts the age of keys from before they were asked for', async () => {
    provider.answers.set('/jwks', (response) => {
      void clock.pass(2).then(() => text(JSON.stringify(OLD_SET))(response));
    });
    expect(await ask('old')).toBe('found old');
    provider.answers.set('/jwks', NEW_SET);
    await clock.pass(599);
    expect(await ask('old')).toBe('unknown for 30');
  });
});

describe('a provider that answers with no keys', () => {
  const elsewhere = 'http://login.example.com/jwks';
  test.each<[string, string, Answer, string]>([
    ['a page', '/jwks', text('<html>'), 'sent no JSON'],
    ['nothing', '/jwks', text(''), 'sent no JSON'],
    ['null', '/jwks', text('null'), 'no JWK Set'],
    ['a list', '/jwks', [OLD], 'no JWK Set'],
    ['another object', '/jwks', { error: 'x' }, 'no JWK Set'],
    ['no keys', '/jwks', { keys: [] }, 'no JWK Set'],
    ['keys for encryption', '/jwks', { keys: [{ ...OLD, use: 'enc' }] }, 'no JWK Set'],
    ['an error with keys', '/jwks', text(JSON.stringify(OLD_SET), 500), 'answered 500'],
    ['a redirect', '/jwks', redirect('/other'), 'answered 302'],
    ['half an answer', '/jwks', cutOff, 'aborted'],
    ['a huge answer', '/jwks', { keys: [OLD], more: 'x'.repeat(600_000) }, 'sent more than'],
    ['a page for discovery', DISCOVERY, text('<html>'), 'sent no JSON'],
    ['a redirect for discovery', DISCOVERY, redirect('/other'), 'answered 302'],
    ['null for discovery', DISCOVERY, text('null'), 'names another issuer'],
    [
      'no issuer in discovery',
      DISCOVERY,
      { jwks_uri: 'https://login.example.com/jwks' },
      'names another issuer',
    ],
    [
      'another issuer',
      DISCOVERY,
      { issuer: 'https://login.example.com', jwks_uri: elsewhere },
      'names another issuer',
    ],
  ])('is an outage: %s', async (_what, path, answer, problem) => {
    const good = provider.answers.get(path);
    provider.answers.set(path, answer);
    provider.answers.set('/other', OLD_SET);
    expect(await ask('old')).toBe('retry in 30');
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(provider.count('/other')).toBe(0);

    provider.answers.set(path, good ?? {});
    await clock.pass(30);
    expect(await ask('old')).toBe('found old');
  });

  test.each([
    undefined,
    null,
    7,
    '',
    '/jwks',
    'http://login.example.com/jwks',
    'file:///etc/hosts',
    'ftp://127.0.0.1/',
  ])('is an outage: discovery with the jwks_uri %j', async (uri) => {
    provider.answers.set(DISCOVERY, { issuer: provider.origin, jwks_uri: uri });
    expect(await ask('old')).toBe('retry in 30');
    expect(problems).toEqual(['its discovery document has no https jwks_uri']);
  });

  test('leaves the keys that are known in use', async () => {
    await ask('old');
    provider.answers.set('/jwks', { keys: [] });
    await clock.pass(601);
    expect(await ask('old')).toBe('found old');
  });
});

describe('where keys are', () => {
  test.each(['/', '/tenant', '/tenant/'])(
    'an issuer that ends in %s is discovered without a double slash',
    async (path) => {
      const issuer = provider.origin + path;
      const wellKnown = `${path.replace(/\/$/, '')}${DISCOVERY}`;
      provider.answers.set(wellKnown, { issuer, jwks_uri: `${provider.origin}/jwks` });
      keys = newIssuerKeys(issuer);
      expect(await ask('old')).toBe('found old');
      expect(provider.count(wellKnown)).toBe(1);
    },
  );

  test('an issuer whose keys are known to be somewhere is not discovered', async () => {
    keys = newIssuerKeysAt('/jwks');
    expect(await ask('old')).toBe('found old');
    expect(fetches()).toEqual({ discovery: 0, jwks: 1 });
  });

  describe('in two places', () => {
    const forbidden = text('Forbidden', 403);
    test.each<[string, Answer, Answer, string[]]>([
      ['different keys are in each', OLD_SET, NEW_SET, ['found old', 'found new']],
      ['the same key is in both', BOTH, OLD_SET, ['found old', 'found new']],
      ['the first answers 403', forbidden, BOTH, ['found old', 'found new']],
      ['the second answers 403', BOTH, forbidden, ['found old', 'found new']],
      ['one hangs up', cutOff, OLD_SET, ['found old', 'unknown for 30']],
    ])('%s', async (_title, first, second, expected) => {
      provider.answers.set('/jwks', first);
      provider.answers.set('/more', second);
      keys = newIssuerKeysAt('/jwks', '/more');
      expect([await ask('old'), await ask('new')]).toEqual(expected);
    });

    test('nothing is known if neither answers', async () => {
      provider.answers.set('/jwks', forbidden);
      keys = newIssuerKeysAt('/jwks', '/more');
      expect(await ask('old')).toMatch(/^retry in /);
      expect(problems).toHaveLength(1);
    });
  });

  test('an issuer elsewhere cannot have its keys on this machine, whatever its discovery says', async () => {
    const issuer = 'https://id.example.com';
    const asked: string[] = [];
    keys = createIssuerKeys({
      issuer: oidc({ issuer, audience: 'client' }),
      async getJson(url) {
        asked.push(url);
        return url.endsWith(DISCOVERY) ? { issuer, jwks_uri: 'http://127.0.0.1:9001/jwks' } : OLD_SET;
      },
      now: clock.now,
      within: clock.within,
      onProblem: (problem) => problems.push(problem),
    });
    expect(await ask('old')).toMatch(/^retry in /);
    expect(asked).toEqual([`${issuer}${DISCOVERY}`]);
    expect(problems).toEqual(['its discovery document has no https jwks_uri']);
  });

  test('discovery and keys share three seconds', async () => {
    const granted: number[] = [];
    keys = createIssuerKeys({
      issuer: oidc({ issuer: provider.origin, audience: 'client' }),
      async getJson(url, seconds) {
        granted.push(seconds);
        const document = await getJson(url, 3);
        await clock.pass(1.25);
        return document;
      },
      now: clock.now,
      within: clock.within,
      onProblem: () => undefined,
    });
    expect(await ask('old')).toBe('found old');
    expect(granted).toEqual([3, 1.75]);
  });
});

describe('generations', () => {
  test('stand for one set of keys while it is fresh', async () => {
    expect(keys.generationAt(clock.now())).toBeUndefined();
    await ask('old');
    const first = keys.generationAt(clock.now());
    expect(await keys.keyFor(header('old'))).toMatchObject({ generation: first });
    expect(keys.generationAt(clock.now() + 600)).toBe(first);
    expect(keys.generationAt(clock.now() + 601)).toBeUndefined();

    await clock.pass(601);
    await ask('old');
    expect(keys.generationAt(clock.now())).toBe(first);

    provider.answers.set('/jwks', NEW_SET);
    await clock.pass(601);
    await ask('new');
    expect(keys.generationAt(clock.now())).not.toBe(first);
  });

  test('end where the provider is down, so that nothing remembered outlives the keys', async () => {
    await ask('old');
    provider.answers.clear();
    await clock.pass(601);
    expect(await ask('old')).toBe('found old');
    expect(keys.generationAt(clock.now())).toBeUndefined();
  });
});

test('a clock that was set back multiplies no fetches', async () => {
  await ask('old');
  await ask('made-up');
  await clock.pass(-HOUR);
  provider.answers.clear();
  const before = requests();
  expect(await askTimes(20, () => 'old')).toContain('retry in 30');
  await askTimes(20, () => 'old');
  expect(requests()).toBe(before + 1);
});

test('a clock that was set back makes no key young again and stops no fetch', async () => {
  await ask('old');
  await ask('made-up');
  await clock.pass(-HOUR);
  provider.answers.set('/jwks', NEW_SET);
  expect(keys.generationAt(clock.now())).toBeUndefined();
  expect(await ask('old')).toBe('unknown for 30');
  expect(await ask('new')).toBe('found new');
});
