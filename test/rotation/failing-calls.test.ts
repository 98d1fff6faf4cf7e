import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RotationSecrets } from '../../lib/rotation/ports.ts';
import { rotate, type Rotated } from '../../lib/rotation/rotate.ts';
import { SECRET, startHarness, type Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
  await harness.until('steady');
});
afterEach(() => harness.close());

/** The target, whose calls of Secrets Manager succeed but for one. */
function failingAt(at: number, name: string) {
  const failed: string[] = [];
  let calls = 0;
  const secrets = new Proxy(harness.target.secrets, {
    get:
      (real, method: keyof RotationSecrets) =>
      async (...args: never[]) => {
        if (calls++ !== at) return (real[method] as (...args: never[]) => unknown)(...args);
        failed.push(method);
        throw Object.assign(new Error('refused'), { name });
      },
  });
  const target: Rotated = { ...harness.target, secrets, memory: {} };
  return { target, failed };
}

describe.each([
  ['start', ['describe', 'put', 'tag', 'value', 'versions']],
  ['emergency', ['describe', 'moveLabel', 'put', 'tag', 'value', 'versions']],
] as const)('%s', (action, methods) => {
  test.each(['ThrottlingException', 'AccessDeniedException', 'InternalServiceError'])(
    'is an error with its name if any one call fails by %s, and works when it is sent again',
    async (name) => {
      const met = new Set<string>();
      for (let at = 0, isMet = true; isMet; at++) {
        const before = harness.labels()['AWSCURRENT'];
        const { target, failed } = failingAt(at, name);
        const errors: unknown[] = [];
        const command = { action, serversFollow: false };
        const { targets } = await rotate(command, { red5: target }, harness.now, (_, { error }) =>
          errors.push(error),
        );
        for (const method of failed) met.add(method);
        isMet = failed.length > 0;
        if (isMet) {
          expect(errors, `${failed.join()} at ${at}`).toEqual([expect.objectContaining({ name })]);
          expect(JSON.stringify(targets)).toContain(name);
          await harness.run(action);
        }
        const { AWSPENDING, AWSCURRENT } = harness.labels();
        if (action === 'start') expect(AWSPENDING).toBeDefined();
        else expect(AWSCURRENT).not.toBe(before);
        if (action === 'start') await harness.run('abort');
        harness.now += 86_400;
        await harness.until('steady');
      }
      expect([...met].sort()).toEqual(methods);
    },
  );
});

test('a secret that is scheduled for deletion cannot be read, though its values are kept, and goes on when it is restored', async () => {
  await harness.run('start');
  harness.endpoint.execute('DeleteSecret', { SecretId: SECRET, RecoveryWindowInDays: 7 });
  expect(await harness.run('advance')).toMatchObject({
    phase: 'unknown',
    next: { reason: 'unreachable', why: expect.stringContaining('ScheduledForDeletion') as string },
  });
  harness.endpoint.execute('RestoreSecret', { SecretId: SECRET });
  await harness.until('promoted');
  expect(await harness.until('steady')).not.toHaveProperty('problems');
});

test('without a fleet a secret that was put by hand stays where it is, whatever is started, and once is said why', async () => {
  const alone = await startHarness({ hasFleet: false });
  try {
    const put = (id: string, label?: string) =>
      alone.endpoint.execute('PutSecretValue', {
        SecretId: SECRET,
        ClientRequestToken: id.repeat(32),
        SecretString: id.repeat(43),
        ...(label !== undefined && { VersionStages: [label] }),
      });
    put('u');
    await alone.run('advance');
    const before = alone.labels();
    const { next } = await alone.run('start');
    expect(next).toMatchObject({ step: 'refuse', reason: 'no_fleet' });
    expect(next.why.match(/No fleet is configured/g)).toHaveLength(1);
    for (let hour = 0; hour < 10; hour++) {
      alone.now += 3600;
      await alone.run('advance');
    }
    expect(alone.labels()).toEqual(before);
    // Another one becomes current by hand: tokens go on under the servers', and the report says so.
    put('w');
    for (let hour = 0; hour < 10; hour++) {
      alone.now += 3600;
      await alone.run('advance');
    }
    expect(alone.labels()).toMatchObject({ STREAMPASS_SERVERS: 'u'.repeat(32), AWSPREVIOUS: 'u'.repeat(32) });
    expect((await alone.run('advance')).problems).toEqual([expect.stringMatching(/^changed_by_hand: /)]);
  } finally {
    await alone.close();
  }
});
