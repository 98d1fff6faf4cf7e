import fc from 'fast-check';
import { expect, test } from 'vitest';
import { connect } from '../src/connect.ts';
import { createStreamPassIn } from '../src/stream-pass.ts';
import { createVirtualApi, type Behaviour } from './support/virtual-api.ts';
import { createVirtualEnvironment, settle } from './support/virtual-environment.ts';

const LIFE_SECONDS = 600;

type Step =
  | { readonly do: 'pass' | 'sleep' | 'set clock'; readonly ms: number }
  | { readonly do: 'use' | 'connect' | 'wake' }
  | { readonly do: 'api'; readonly behaviour: Behaviour };

const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  fc.record({ kind: fc.constant('issues' as const), fallback: fc.boolean(), delayMs: fc.nat(20_000) }),
  fc.record({
    kind: fc.constant('answers' as const),
    status: fc.constantFrom(400, 429, 503),
    body: fc.constantFrom({}, { retry_after: 20 }, { reason: 'subject_token_expired' }),
  }),
  fc.constant({ kind: 'hangs' as const }),
  fc.constant({ kind: 'unreachable' as const }),
);

/** @param earliestMs how far the wall clock may be set back (negative). */
function stepsWith(earliestMs: number): fc.Arbitrary<Step[]> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ do: fc.constantFrom('pass' as const, 'sleep' as const), ms: fc.nat(400_000) }),
    fc.record({ do: fc.constant('set clock' as const), ms: fc.integer({ min: earliestMs, max: 1e8 }) }),
    fc.record({ do: fc.constantFrom('use' as const, 'connect' as const, 'wake' as const) }),
    fc.record({ do: fc.constant('api' as const), behaviour }),
  );
  return fc.array(step, { maxLength: 40 });
}

// A clock that is set back while the device sleeps and the monotonic clock stands still is seen by nobody.
test.each([
  ['counts sleep, and the wall clock is set at will', true, -1e8],
  ['stands still in a sleep, and the wall clock is set forward', false, 0],
])(
  'where the monotonic clock %s: no dead token, one exchange in flight, a bounded number of them',
  async (_, countsSleep, earliestMs) => {
    await fc.assert(
      fc.asyncProperty(
        stepsWith(earliestMs),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        async (steps, random) => {
          const environment = createVirtualEnvironment(() => random, countsSleep);
          const api = createVirtualApi(environment, LIFE_SECONDS);
          const pass = createStreamPassIn(environment, {
            endpoint: 'https://api.example.com/token',
            audience: 'red5',
            subjectToken: 'id-token',
            fetch: api.fetch,
          });
          const dead: string[] = [];
          const use = (token: string): void => {
            if (api.expiryOf(token) <= environment.trueMs) dead.push(token);
          };
          const carryOut: Record<Step['do'], (step: Step) => unknown> = {
            pass: (step) => 'ms' in step && environment.pass(step.ms),
            sleep: (step) => 'ms' in step && environment.sleep(step.ms),
            'set clock': (step) => 'ms' in step && environment.setWallClockBy(step.ms),
            wake: () => environment.wake(),
            use: () => void pass.token().then(use, () => {}),
            connect: () => void connect(pass, use).catch(() => {}),
            api: (step) => 'behaviour' in step && (api.behaviour = step.behaviour),
          };
          for (const step of steps) {
            await carryOut[step.do](step);
            await settle();
          }
          await environment.pass(60_000);
          expect(dead).toEqual([]);
          expect(api.mostInFlight).toBeLessThanOrEqual(1);
          // A back-off grows to at least 20 s after 5 failures; each step may at most begin such a row anew.
          const awakeMs = steps.reduce((sum, step) => sum + (step.do === 'pass' ? step.ms : 0), 60_000);
          expect(api.exchanges).toBeLessThanOrEqual(awakeMs / 20_000 + 6 * (steps.length + 1));
          pass.close();
          await settle();
          expect(environment.listeners).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  },
);
