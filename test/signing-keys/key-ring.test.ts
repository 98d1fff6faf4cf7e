import { describe, expect, test } from 'vitest';
import type { OAuthError } from '../../lib/oauth/oauth-error.ts';
import type { SecretReader, Within } from '../../lib/ports.ts';
import { createKeyRing } from '../../lib/signing-keys/key-ring.ts';
import type { KeyRing } from '../../lib/signing-keys/key-ring.ts';
import { kidOf } from '../../lib/signing-keys/secret.ts';
import type { SecretValue } from '../../lib/signing-keys/secret.ts';

const V1 = '11111111-0000-4000-8000-000000000001';
const V2 = '22222222-0000-4000-8000-000000000002';
const V3 = '33333333-0000-4000-8000-000000000003';
const SECRET = 's'.repeat(43);

/** A secret whose labels, values and troubles the test sets, on a clock that it moves. */
function scene(options: { withFallback?: boolean } = {}) {
  const state = {
    now: 1_900_000_000,
    stages: { [V1]: ['AWSCURRENT'] } as Record<string, string[]>,
    values: {
      [V1]: { SecretString: SECRET },
      [V2]: { SecretString: `${SECRET}2` },
      [V3]: { SecretString: `${SECRET}3` },
    } as Record<string, SecretValue>,
    failing: undefined as undefined | 'stages' | 'value',
    hanging: false,
    calls: { stages: 0, value: 0 },
    problems: [] as string[],
  };
  const reader: SecretReader = {
    async stages() {
      state.calls.stages += 1;
      if (state.hanging) await new Promise(() => {});
      if (state.failing === 'stages') throw new Error('unreachable');
      return state.stages;
    },
    async value(_, versionId) {
      state.calls.value += 1;
      if (state.failing === 'value') throw new Error('unreachable');
      return state.values[versionId] ?? {};
    },
  };
  /** Patience on the virtual clock: what hangs is given up at once, and the clock has moved on. */
  const within: Within = async (work, seconds) => {
    if (!state.hanging) return work;
    state.now += seconds;
    throw new Error('no answer');
  };
  const ring = createKeyRing({
    secret: 'streampass/red5',
    signing: 'HS256',
    withFallback: options.withFallback ?? true,
    reader,
    now: () => state.now,
    within,
    refreshAfter: 60,
    maxAge: 600,
    onProblem: (problem) => state.problems.push(problem),
  });
  return { state, ring };
}

async function kids(ring: KeyRing): Promise<(string | undefined)[]> {
  const { current, fallback } = await ring.get();
  return [current.kid, fallback?.kid];
}

async function reason(ring: KeyRing): Promise<string> {
  return ring.get().then(
    () => 'a ring',
    (error: OAuthError) => error.reason,
  );
}

/** Lets what runs in the background end: it waits for nothing but resolved promises. */
async function settle(): Promise<void> {
  await new Promise(setImmediate);
}

describe('which versions sign', () => {
  test.each([
    ['current alone', { [V1]: ['AWSCURRENT'] }, [V1, undefined]],
    ['current and pending', { [V1]: ['AWSCURRENT'], [V2]: ['AWSPENDING'] }, [V1, V2]],
    ['current and previous', { [V2]: ['AWSCURRENT'], [V1]: ['AWSPREVIOUS'] }, [V2, V1]],
    [
      'pending before previous',
      { [V2]: ['AWSCURRENT'], [V1]: ['AWSPREVIOUS'], [V3]: ['AWSPENDING'] },
      [V2, V3],
    ],
    [
      'pending on the current version counts for nothing',
      { [V1]: ['AWSCURRENT', 'AWSPENDING'] },
      [V1, undefined],
    ],
    [
      'previous where pending is on the current version',
      { [V2]: ['AWSCURRENT', 'AWSPENDING'], [V1]: ['AWSPREVIOUS'] },
      [V2, V1],
    ],
    [
      'our own label changes nothing',
      { [V1]: ['AWSCURRENT'], [V2]: ['STREAMPASS_SERVERS'] },
      [V1, undefined],
    ],
  ])('%s', async (_, stages, [current, fallback]) => {
    const { state, ring } = scene();
    state.stages = stages as unknown as Record<string, string[]>;
    expect(await kids(ring)).toEqual([kidOf(current ?? ''), fallback && kidOf(fallback)]);
  });

  test('a target that needs no fallback never reads a second value', async () => {
    const { state, ring } = scene({ withFallback: false });
    state.stages = { [V1]: ['AWSCURRENT'], [V2]: ['AWSPENDING'], [V3]: ['AWSPREVIOUS'] };
    expect(await kids(ring)).toEqual([kidOf(V1), undefined]);
    expect(state.calls.value).toBe(1);
  });
});

describe('a value that cannot sign', () => {
  test.each([
    ['no value', {}],
    ['a short value', { SecretString: 'short' }],
    ['a binary value', { SecretBinary: new Uint8Array(64) }],
    ['a value with a line break', { SecretString: `${SECRET}\n` }],
  ])('%s under AWSPENDING counts as absent, and is told of without its value', async (_, value) => {
    const { state, ring } = scene();
    state.stages = { [V2]: ['AWSCURRENT'], [V3]: ['AWSPENDING'], [V1]: ['AWSPREVIOUS'] };
    state.values[V3] = value;
    expect(await kids(ring)).toEqual([kidOf(V2), kidOf(V1)]);
    expect(state.problems).toHaveLength(1);
    expect(state.problems[0]).toContain(V3);
    expect(state.problems[0]).not.toContain(SECRET);
  });

  test('under AWSCURRENT is never signed with', async () => {
    const { state, ring } = scene();
    state.values[V1] = { SecretString: 'short' };
    expect(await reason(ring)).toBe('secret_invalid');
  });

  test('no version at all is an unavailable secret', async () => {
    const { state, ring } = scene();
    state.stages = {};
    expect(await reason(ring)).toBe('secret_unavailable');
  });
});

describe('the age of a ring', () => {
  test('is refreshed in the background, while the present one serves', async () => {
    const { state, ring } = scene();
    await ring.get();
    state.stages = { [V2]: ['AWSCURRENT'], [V1]: ['AWSPREVIOUS'] };
    state.now += 61;
    expect(await kids(ring)).toEqual([kidOf(V1), undefined]);
    await settle();
    expect(await kids(ring)).toEqual([kidOf(V2), kidOf(V1)]);
  });

  test('a young ring asks for nothing', async () => {
    const { state, ring } = scene();
    await ring.get();
    state.now += 60;
    await ring.get();
    expect(state.calls.stages).toBe(1);
  });

  test.each([
    [600, 'a ring'],
    [601, 'secret_unavailable'],
  ])('at %i s, while Secrets Manager is down, gives %s', async (age, outcome) => {
    const { state, ring } = scene();
    await ring.get();
    state.failing = 'stages';
    state.now += age;
    expect(await reason(ring)).toBe(outcome);
  });

  test('counts from before the labels were asked for', async () => {
    const { state, ring } = scene();
    const asked = state.now;
    const got = ring.get();
    state.now += 100;
    expect((await got).readAt).toBe(asked);
  });

  test('a clock that was set back does not make a ring young again', async () => {
    const { state, ring } = scene();
    await ring.get();
    state.failing = 'stages';
    state.now -= 3600;
    expect(await reason(ring)).toBe('secret_unavailable');
  });
});

describe('trouble with Secrets Manager', () => {
  test('a fallback that cannot be read keeps the older whole ring, and no longer than it is young', async () => {
    const { state, ring } = scene();
    await ring.get();
    state.stages = { [V1]: ['AWSCURRENT'], [V2]: ['AWSPENDING'] };
    state.failing = 'value';
    state.now += 61;
    await ring.get();
    await settle();
    expect(await kids(ring)).toEqual([kidOf(V1), undefined]);
    state.now += 540;
    expect(await reason(ring)).toBe('secret_unavailable');
  });

  test('heals at the next request', async () => {
    const { state, ring } = scene();
    state.failing = 'stages';
    expect(await reason(ring)).toBe('secret_unavailable');
    state.failing = undefined;
    expect(await reason(ring)).toBe('a ring');
  });

  test('many requests at once cause one read', async () => {
    const { state, ring } = scene();
    await Promise.all(Array.from({ length: 50 }, () => ring.get()));
    expect(state.calls).toEqual({ stages: 1, value: 1 });
  });

  test('a background refresh that failed is not tried at each request', async () => {
    const { state, ring } = scene();
    await ring.get();
    state.failing = 'stages';
    state.now += 61;
    for (let count = 0; count < 20; count += 1) {
      await ring.get();
      await settle();
    }
    expect(state.calls.stages).toBe(2);
  });

  test('a read that hangs ends in 503, and one begun in an earlier life does not block the next request', async () => {
    const { state, ring } = scene();
    state.hanging = true;
    expect(await reason(ring)).toBe('secret_unavailable');
    state.hanging = false;
    state.now += 3600;
    expect(await reason(ring)).toBe('a ring');
  });

  test('a value is read once, however often the labels are', async () => {
    const { state, ring } = scene();
    for (let count = 0; count < 10; count += 1) {
      await ring.get();
      await settle();
      state.now += 100;
    }
    expect(state.calls.value).toBe(1);
  });
});
