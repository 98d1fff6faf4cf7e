/**
 * `npm run bench:callback`: CPU of one warm callback, in microseconds and over that of one verified HMAC, and how many
 * signatures it verifies and how often it asks the deny table (`test/token-verification/warm.test.ts` holds it to these).
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { startWarmScene } from '../test/token-verification/warm.ts';
import { median } from './measure/statistics.ts';

const ROUNDS = 9;
const CALLBACKS = 500;
const WARM_UP = 3000;

/** CPU of one call, in microseconds: the median of some rounds. */
async function cpuOf(call: () => Promise<unknown>): Promise<number> {
  for (let count = 0; count < WARM_UP; count++) await call();
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let count = 0; count < CALLBACKS; count++) await call();
    const { user, system } = process.cpuUsage(before);
    rounds.push((user + system) / CALLBACKS);
  }
  return median(rounds);
}

const key = randomBytes(43);
const token = randomBytes(600).toString('base64url');
const signature = createHmac('sha256', key).update(token).digest();
const floor = await cpuOf(async () =>
  timingSafeEqual(createHmac('sha256', key).update(token).digest(), signature),
);
console.log(`One HMAC of a token's length takes ${floor.toFixed(1)} µs.\n`);
console.log('| warm callback | CPU, µs | × one HMAC | signatures verified | requests to the deny table |');
console.log('| --- | --- | --- | --- | --- |');
const scene = await startWarmScene();
for (const [callback, ask] of Object.entries(scene.ask)) {
  await ask();
  Object.assign(scene.asked, { signatures: 0, denyTable: 0 });
  let calls = 0;
  const cpu = await cpuOf(async () => {
    calls += 1;
    if (!(await ask())) throw new Error(`${callback} refused`);
  });
  const { signatures, denyTable } = scene.asked;
  const cells = [cpu.toFixed(0), (cpu / floor).toFixed(1), signatures / calls, denyTable / calls];
  console.log(`| ${[callback, ...cells].join(' | ')} |`);
}
scene.close();
