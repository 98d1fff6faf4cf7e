import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWarmScene } from './warm.ts';
import type { WarmScene } from './warm.ts';

/** What a warm callback costs, in operations; `npm run bench:callback` has it in microseconds. */

let scene: WarmScene;
beforeAll(async () => {
  scene = await startWarmScene();
});
afterAll(() => scene.close());

test.each(['POST /red5/validateCredentials', 'POST /mediamtx/auth', 'POST /introspect', 'the authorizer'])(
  '%s verifies one signature and, once it is warm, asks nobody',
  async (callback) => {
    const ask = scene.ask[callback] ?? expect.fail('no such callback');
    const { asked } = scene;
    expect(await ask()).toBe(true);
    expect(asked.denyTable).toBeLessThanOrEqual(1);
    Object.assign(asked, { signatures: 0, denyTable: 0 });
    for (let times = 1; times <= 10; times++) {
      expect(await ask()).toBe(true);
      expect(asked).toEqual({ signatures: times, denyTable: 0 });
    }
  },
);
