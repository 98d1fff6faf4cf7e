import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Fault } from '../../local/secrets-manager/faults.ts';
import { rotate, type Rotated } from '../../lib/rotation/rotate.ts';
import { versionIdFor } from '../../lib/rotation/execute.ts';
import { DEFAULT_TIMING } from '../../lib/config/config.ts';
import { policyOf } from '../../lib/rotation/policy.ts';
import { kidOf } from '../../lib/signing-keys/secret.ts';
import { SECRET, startHarness, type Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(() => harness.close());

describe('a rotation', () => {
  test('goes from an empty secret to a second version, phase by phase', async () => {
    const { run, labels, until, fleet } = harness;
    expect((await run('status')).phase).toBe('empty');
    expect((await run('advance')).phase).toBe('steady');
    const v1 = labels()['AWSCURRENT'];
    expect(labels()).toEqual({ AWSCURRENT: v1, STREAMPASS_SERVERS: v1 });
    expect((await run('advance')).nodes).toEqual([
      { node: 'node-0', holds: v1 },
      { node: 'node-1', holds: v1 },
    ]);

    const announced = await run('start');
    const v2 = labels()['AWSPENDING'];
    expect(announced).toMatchObject({
      phase: 'announced',
      current: v1,
      fallback: v2,
      next: { step: 'wait' },
    });
    expect(Date.parse(announced.next.at ?? '') / 1000).toBe(harness.now + 600 + 3540 + 60 + 120);
    harness.now += 4319;
    expect((await run('advance')).phase).toBe('announced');
    harness.now += 1;
    expect((await run('advance')).phase).toBe('pushing');
    expect(labels()['STREAMPASS_SERVERS']).toBe(v2);
    await run('advance');
    expect([...fleet.held.values()].every((text) => text.endsWith('2'))).toBe(true);

    const promoted = await until('promoted');
    expect(promoted).toMatchObject({ current: v2, fallback: v1 });
    harness.now = Date.parse(promoted.next.at ?? '') / 1000 - 1;
    expect((await run('advance')).phase).toBe('promoted');
    harness.now += 1;
    const steady = await run('advance');
    expect(steady).toMatchObject({ phase: 'steady', current: v2 });
    expect(steady).not.toHaveProperty('fallback');
    expect(labels()).toEqual({ AWSCURRENT: v2, STREAMPASS_SERVERS: v2 });
  });

  test('is begun once, however often start is delivered', async () => {
    await harness.run('advance');
    await Promise.all([harness.run('start'), harness.run('start')]);
    const before = harness.labels();
    const again = await harness.run('start');
    expect(again.next.why).toMatch(
      /^A rotation is under way, so start changed nothing\. The phase is announced\./,
    );
    expect(harness.labels()).toEqual(before);
    expect(versionsOf(harness)).toHaveLength(2);
  });

  test('is not put off by whoever asks for the status often', async () => {
    /** Minutes from the start to the end of a rotation with one node that is slow to come. */
    const minutesOf = async (statuses: number): Promise<number> => {
      const harness = await startHarness({ nodes: 3 });
      onTestFinished(harness.close);
      await harness.until('steady');
      harness.fleet.unreachable.add('node-1');
      await harness.run('start');
      const begun = harness.now;
      for (let minute = 0; minute < 300; minute++) {
        if (minute === 5) harness.fleet.unreachable.delete('node-1');
        for (let asked = 0; asked < statuses; asked++) await harness.run('status');
        harness.now += 60;
        if ((await harness.run('advance')).phase === 'steady' && minute > 5)
          return (harness.now - begun) / 60;
      }
      throw new Error('the rotation did not end');
    };
    expect(await minutesOf(5)).toBe(await minutesOf(0));
  });

  test('changes nothing on status', async () => {
    await harness.run('advance');
    const before = harness.endpoint.state();
    await harness.run('status');
    expect(JSON.stringify(harness.endpoint.state())).toBe(JSON.stringify(before));
  });

  test('stays where it is while a node does not answer, and goes on when it does', async () => {
    const { run, until, fleet } = harness;
    await run('advance');
    await run('start');
    await until('pushing');
    fleet.unreachable.add('node-1');
    for (let tick = 0; tick < 5; tick++) await run('advance');
    const stuck = await run('advance');
    expect(stuck).toMatchObject({ phase: 'pushing', next: { step: 'wait', reason: 'node_behind' } });
    expect(stuck.nodes[1]).toEqual({ node: 'node-1', holds: null, problem: 'did not answer' });
    expect(harness.outcomes.at(-1)?.measures).toMatchObject({ NodesBehind: 1, RotationProblem: 1 });
    fleet.unreachable.clear();
    await until('promoted');
  });

  test('takes a late node along', async () => {
    const { run, until, fleet } = harness;
    await run('advance');
    await run('start');
    await until('pushing');
    await run('advance');
    fleet.held.set('late', 'something else');
    const report = await run('advance');
    expect(report).toMatchObject({ phase: 'pushing' });
    expect(report.nodes.map(({ node }) => node)).toContain('late');
    await until('promoted');
    expect(new Set(fleet.held.values()).size).toBe(1);
  });

  test('is dropped at once by an abort before its push is due', async () => {
    const { run, labels } = harness;
    await run('advance');
    const v1 = labels()['AWSCURRENT'];
    await run('advance');
    harness.now += 600;
    await run('start');
    expect(await run('abort')).toMatchObject({ phase: 'steady', current: v1 });
    expect(labels()).toEqual({ AWSCURRENT: v1, STREAMPASS_SERVERS: v1 });
  });

  test('takes the servers back on an abort, keeps both secrets for the overlap, and can start anew', async () => {
    const { run, labels, until, fleet } = harness;
    await run('advance');
    const v1 = labels()['AWSCURRENT'];
    await run('start');
    await until('pushing');
    await run('advance');
    const v2 = labels()['AWSPENDING'] ?? '';
    expect(await run('abort')).toMatchObject({ phase: 'aborting', current: v1, fallback: v2 });
    expect(labels()['STREAMPASS_SERVERS']).toBe(v1);
    await run('advance');
    expect(new Set(fleet.held.values())).toEqual(new Set([valueOf(harness, v1)]));
    expect(await run('advance')).toMatchObject({ phase: 'aborting', next: { step: 'wait' } });
    expect(await until('steady')).toMatchObject({ current: v1 });

    await run('start');
    const v3 = labels()['AWSPENDING'] ?? '';
    expect(v3).not.toBe(v2);
    expect(kidOf(v3)).not.toBe(kidOf(v2));
    await until('promoted');
    expect(labels()['AWSCURRENT']).toBe(v3);
  });

  test('brings a secret that was put by hand to the servers only once every token knows it', async () => {
    const { run, labels, until, endpoint, fleet } = harness;
    await run('advance');
    await run('advance');
    const v1 = labels()['AWSCURRENT'] ?? '';
    const SecretString = 'put-by-hand-put-by-hand-put-by-hand-00000';
    endpoint.execute('PutSecretValue', {
      SecretId: SECRET,
      ClientRequestToken: 'h'.repeat(32),
      SecretString,
    });
    const bypassed = await run('advance');
    expect(bypassed).toMatchObject({ phase: 'bypassed', fallback: v1, next: { step: 'wait' } });
    expect(bypassed.problems?.join()).toContain('changed by hand');
    expect(fleet.held.get('node-0')).toBe(valueOf(harness, v1));
    await until('promoted');
    await until('steady');
    expect([...fleet.held.values()]).toEqual([SecretString, SecretString]);
  });

  test.each([
    ['too short', { SecretString: 'short' }, 'is not 32 to 256 characters'],
    ['binary', { SecretBinary: Buffer.alloc(40).toString('base64') }, 'is binary'],
    ['of several lines', { SecretString: `${'a'.repeat(40)}\nb` }, 'is not 32 to 256 characters'],
  ])('never pushes a secret that is %s, and says so', async (_, value, problem) => {
    const { run, endpoint, fleet } = harness;
    await run('advance');
    await run('advance');
    const before = [...fleet.held.values()];
    endpoint.execute('PutSecretValue', { SecretId: SECRET, ClientRequestToken: 'u'.repeat(32), ...value });
    harness.now += 1e6;
    for (let tick = 0; tick < 3; tick++) await run('advance');
    const report = await run('advance');
    expect(report.problems?.join()).toContain(problem);
    expect(JSON.stringify(report)).not.toContain('aaaa');
    expect([...fleet.held.values()]).toEqual(before);
  });
});

describe('an emergency', () => {
  test('replaces the secret, drops the old one and pushes at once', async () => {
    const { run, labels, fleet } = harness;
    await run('advance');
    const v1 = labels()['AWSCURRENT'];
    await run('start');
    const pending = labels()['AWSPENDING'];
    const report = await run('emergency');
    const v3 = labels()['AWSCURRENT'] ?? '';
    expect([v1, pending]).not.toContain(v3);
    expect(labels()).toEqual({ AWSCURRENT: v3, STREAMPASS_SERVERS: v3 });
    expect(report).toMatchObject({ phase: 'steady', current: v3 });
    expect(report.problems?.join()).toMatch(/Cut off are at most all tokens issued in the 3540 s before/);
    expect([...fleet.held.values()]).toEqual([valueOf(harness, v3), valueOf(harness, v3)]);
    expect((await run('emergency')).next.why).toContain('start changed nothing');
    expect(labels()['AWSCURRENT']).toBe(v3);
  });

  test('does not hinder the next rotation', async () => {
    await harness.run('advance');
    await harness.run('emergency');
    harness.now += 3600;
    expect((await harness.run('start')).phase).toBe('announced');
    await harness.until('promoted');
    expect((await harness.until('steady')).problems).toBeUndefined();
  });
});

describe('a probe', () => {
  test('that is turned away blocks the promotion and tells the words of the server', async () => {
    const probing = await startHarness({ probes: true });
    try {
      const { run, until, fleet, labels } = probing;
      await run('advance');
      await run('start');
      await until('pushing');
      await run('advance');
      fleet.refusal = 'Invalid signature';
      const blocked = await run('advance');
      expect(blocked).toMatchObject({ phase: 'pushing', next: { step: 'wait' } });
      expect(blocked.next.why).toContain('Invalid signature');
      expect(fleet.probed).toEqual([labels()['AWSPENDING']]);
      fleet.refusal = undefined;
      expect((await run('advance')).phase).toBe('promoted');
    } finally {
      await probing.close();
    }
  });
});

describe('an invocation that dies', () => {
  const faults: Fault[] = ['throttle', 'drop-connection', 'fail-after-effect', 'drop-after-effect'];

  test.each(faults)('at any call by %s is gone on with by the next', async (fault) => {
    let failing = 0;
    for (let call = 0; call < 40; call++) {
      let calls = 0;
      // Every later call fails as well: nothing arrives any more.
      harness.faults = () => (calls++ < call % 13 ? undefined : call % 2 === 0 ? fault : undefined);
      const { phase } = await harness.run(call === 13 ? 'start' : 'advance');
      if (phase === 'unknown') failing++;
      harness.now += 600;
    }
    expect(failing).toBeGreaterThan(0);
    harness.faults = () => undefined;
    await harness.until('steady');
    await harness.run('start');
    await harness.until('promoted');
    expect(await harness.until('steady')).not.toHaveProperty('problems');
  });

  test('leaves the other targets alone', async () => {
    const missing: Rotated = { ...harness.target, secret: 'streampass/missing' };
    const { targets } = await rotate(
      { action: 'advance', serversFollow: false },
      { missing, red5: harness.target },
      harness.now,
      () => undefined,
    );
    expect(targets['red5']?.phase).toBe('steady');
    expect(targets['missing']).toMatchObject({
      phase: 'unknown',
      next: { why: expect.stringContaining('ResourceNotFoundException') as string },
    });
  });
});

test('readers that follow the labels by themselves, without servers to look at, are rotated to the end', async () => {
  const { servers: _none, ...alone } = harness.target;
  const policy = policyOf({ keys: 'keyring', longestToken: 3540 }, DEFAULT_TIMING);
  const target: Rotated = { ...alone, memory: {}, policy: { ...policy, hasFleet: true } };
  const run = async (action: 'advance' | 'start') => {
    const { targets } = await rotate(
      { action, serversFollow: false },
      { keys: target },
      harness.now,
      () => undefined,
    );
    return targets['keys']?.phase;
  };
  await run('advance');
  expect(await run('start')).toBe('announced');
  const phases = new Set<string | undefined>();
  for (let hour = 0; hour < 6; hour++) {
    harness.now += 3600;
    phases.add(await run('advance'));
  }
  expect([...phases]).toEqual(['pushing', 'promoted', 'steady']);
});

test('servers that cannot be listed hold the rotation up, and say so', async () => {
  const { run, until, target } = harness;
  await run('advance');
  await run('start');
  await until('pushing');
  const observe = harness.fleet.observe.bind(harness.fleet);
  harness.fleet.observe = async () => {
    throw Object.assign(new Error('User is not authorized'), { name: 'AccessDeniedException' });
  };
  const report = await run('advance');
  expect(target.servers).toBe(harness.fleet);
  expect(report).toMatchObject({
    phase: 'pushing',
    problems: [expect.stringMatching(/^fleet_unlisted: .*AccessDeniedException/) as string],
  });
  harness.fleet.observe = observe;
  await until('promoted');
});

test.each([
  ['advance', /^This target is rotated only if somebody starts a rotation/],
  ['start', /^A rotation is under way, so start changed nothing/],
  ['emergency', /^An emergency replaced the secret just now, so start changed nothing/],
] as const)('of two invocations of %s at one time, only one makes a version', async (action, why) => {
  if (action !== 'advance') await harness.run('advance');
  const before = versionsOf(harness).length;
  const { secrets } = harness.target;
  let looks = 0;
  const overtaken: Rotated = {
    ...harness.target,
    secrets: {
      ...secrets,
      async versions(arn) {
        if (looks++ === 0) await harness.run(action);
        return secrets.versions(arn);
      },
    },
  };
  const { targets } = await rotate(
    { action, serversFollow: false },
    { red5: overtaken },
    harness.now,
    (_, { error }) => expect(error).toBeUndefined(),
  );
  expect(versionsOf(harness)).toHaveLength(before + 1);
  expect(targets['red5']?.next.why).toMatch(why);
});

test('no two live versions share a kid, although ids follow from what is there', async () => {
  await harness.run('advance');
  const v1 = harness.labels()['AWSCURRENT'] ?? '';
  const { output } = harness.endpoint.execute('DescribeSecret', { SecretId: SECRET });
  const arn = String(output?.['ARN']);
  // Somebody else's version that begins as the next one of ours would.
  const ClientRequestToken = `${kidOf(versionIdFor(arn, v1, 0))}-0000-4000-8000-000000000000`;
  harness.endpoint.execute('PutSecretValue', {
    SecretId: SECRET,
    ClientRequestToken,
    SecretString: 'q'.repeat(43),
    VersionStages: ['OTHER'],
  });
  await harness.run('start');
  expect(harness.labels()['AWSPENDING']).toBe(versionIdFor(arn, v1, 1));
});

function versionsOf({ endpoint }: Harness): unknown[] {
  const { output } = endpoint.execute('ListSecretVersionIds', { SecretId: SECRET, IncludeDeprecated: true });
  return output?.['Versions'] as unknown[];
}

function valueOf({ endpoint }: Harness, VersionId: string | undefined): string {
  return String(endpoint.execute('GetSecretValue', { SecretId: SECRET, VersionId }).output?.['SecretString']);
}
