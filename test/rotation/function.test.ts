import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { PROJECT } from '../support/project.ts';

/** The built function, where nothing answers: no Secrets Manager, no servers. */
let handler: (event: unknown) => Promise<{
  readonly targets: Record<string, { readonly phase: string; readonly next: { readonly why: string } }>;
}>;
beforeAll(async () => {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:9',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const bundle = join(PROJECT, 'dist/functions/rotate.mjs');
  ({ handler } = (await import(bundle)) as { handler: typeof handler });
});

test.each([undefined, null, {}, [], 'start', { action: 'rotate' }, { source: 'aws.scheduler' }])(
  'the event %j is a clear error',
  async (event) => {
    await expect(handler(event)).rejects.toThrow(/^The event .* Known are \{"action":"start"\}/);
  },
);

test.each(['start', 'abort'])(
  '%s throws if a target cannot be reached, so that it is not lost',
  async (action) => {
    await expect(handler({ action })).rejects.toThrow(
      `${action} failed for jitsi, red5, rtcstats, stream-keys: send it again`,
    );
  },
);

test('a target that is not known is named, with those that are', async () => {
  await expect(handler({ action: 'start', targets: ['liev'] })).rejects.toThrow(
    'No target called "liev" is rotated. Known are red5, jitsi, rtcstats, stream-keys.',
  );
});

test.each(['advance', 'status'])('%s is answered although nothing can be reached', async (action) => {
  const { targets } = await handler({ action });
  expect(Object.keys(targets)).toEqual(['red5', 'jitsi', 'rtcstats', 'stream-keys']);
  for (const { phase, next } of Object.values(targets)) {
    expect(phase).toBe('unknown');
    expect(next.why).toMatch(/^The secret of this target could not be read\. The next run tries again\./);
  }
});
