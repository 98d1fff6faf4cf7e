import { describe, expect, test } from 'vitest';
import { createLiveKeys } from '../../lib/signing-keys/live-keys.ts';
import type { SecretValue } from '../../lib/signing-keys/secret.ts';

const V1 = '11111111-0000-4000-8000-000000000001';
const V2 = '22222222-0000-4000-8000-000000000002';
const V3 = '33333333-0000-4000-8000-000000000003';

/** A secret whose labels, values and troubles the test sets, on a clock that it moves. */
function scene(stages: Record<string, string[]>) {
  const state = {
    now: 1_900_000_000,
    stages,
    values: Object.fromEntries([V1, V2, V3].map((id) => [id, { SecretString: id.repeat(2) }])) as Record<
      string,
      SecretValue
    >,
    unreadable: undefined as string | undefined,
    down: false,
    reads: 0,
    problems: [] as string[],
  };
  const live = createLiveKeys({
    secret: 'streampass/red5',
    signing: 'HS256',
    reader: {
      async stages() {
        state.reads += 1;
        if (state.down) throw new Error('unreachable');
        return state.stages;
      },
      async value(_, versionId) {
        if (versionId === state.unreadable) throw new Error('unreachable');
        return state.values[versionId] ?? {};
      },
    },
    now: () => state.now,
    within: (work) => work,
    refreshAfter: 60,
    maxAge: 600,
    onProblem: (problem) => state.problems.push(problem),
  });
  const kids = async (wantedAge?: number) => (await live.get(wantedAge)).keys.map(({ kid }) => kid);
  return { state, kids };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the live keys of a secret', () => {
  test.each([
    ['no version', {}, []],
    ['one version', { [V1]: ['AWSCURRENT', 'STREAMPASS_SERVERS'] }, ['11111111']],
    ['a pending one too', { [V1]: ['AWSCURRENT'], [V2]: ['AWSPENDING'] }, ['11111111', '22222222']],
    [
      'three',
      { [V1]: ['AWSPREVIOUS'], [V2]: ['AWSCURRENT'], [V3]: ['AWSPENDING'] },
      ['22222222', '33333333', '11111111'],
    ],
    ['two labels on one', { [V1]: ['AWSCURRENT', 'AWSPENDING'] }, ['11111111']],
  ])('with %s are current, pending and previous, each once', async (_name, stages, expected) => {
    expect(await scene(stages).kids()).toEqual(expected);
  });

  test.each([
    ['short', { SecretString: 'short' }],
    ['empty', {}],
  ])('go without a version that is %s, and its problem is told without its value', async (_name, value) => {
    const { state, kids } = scene({ [V1]: ['AWSCURRENT'], [V2]: ['AWSPENDING'] });
    state.values[V2] = value;
    expect(await kids()).toEqual(['11111111']);
    expect(state.problems).toHaveLength(1);
    expect(state.problems[0]).not.toContain('short"');
  });

  test('are whole or not used: where one version cannot be read, the older set serves', async () => {
    const { state, kids } = scene({ [V1]: ['AWSCURRENT'] });
    await kids();
    state.stages = { [V1]: ['AWSCURRENT'], [V2]: ['AWSPENDING'] };
    state.unreadable = V2;
    state.now += 61;
    await kids();
    await settled();
    expect(await kids()).toEqual(['11111111']);
    state.now += 600;
    await expect(kids()).rejects.toMatchObject({ reason: 'secret_unavailable' });
  });
});

describe('a younger set', () => {
  test('is read at once where one is wanted', async () => {
    const { state, kids } = scene({ [V1]: ['AWSCURRENT'] });
    await kids();
    state.stages = { [V1]: ['AWSPREVIOUS'], [V2]: ['AWSCURRENT'] };
    state.now += 31;
    expect(await kids()).toEqual(['11111111']);
    expect(await kids(30)).toEqual(['22222222', '11111111']);
  });

  test('is not read again while the last one is young enough', async () => {
    const { state, kids } = scene({ [V1]: ['AWSCURRENT'] });
    await kids();
    state.now += 29;
    for (let asked = 0; asked < 100; asked++) await kids(30);
    expect(state.reads).toBe(1);
  });

  test('gives way to the last one where it cannot be had, and is not asked for at every call', async () => {
    const { state, kids } = scene({ [V1]: ['AWSCURRENT'] });
    await kids();
    state.down = true;
    state.now += 31;
    for (let asked = 0; asked < 100; asked++) expect(await kids(30)).toEqual(['11111111']);
    expect(state.reads).toBe(2);
  });
});
