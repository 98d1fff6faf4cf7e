import { describe, expect, test } from 'vitest';
import type { SecretReader } from '../../lib/ports.ts';
import { createLiveKeys } from '../../lib/signing-keys/live-keys.ts';
import type { LiveKeys } from '../../lib/signing-keys/live-keys.ts';
import { answerCallback } from '../../lib/token-verification/answer-callback.ts';
import { red5Invalidate } from '../../lib/token-verification/callbacks/red5.ts';
import { createVerifier } from '../../lib/token-verification/verifier.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { issue, NOW, TARGETS, UNCOUNTED, verifierWith } from './scene.ts';

/** What verifiers make of a secret that was replaced because it had leaked. */

const OLD = { id: '11111111-old', value: 'o'.repeat(43) };
const NEW = { id: '22222222-new', value: 'n'.repeat(43) };

/** A secret whose labels a test moves, and which fails where it is told to. */
function secret(labels: Record<string, string>) {
  const state = { labels, fails: false };
  const reader: SecretReader = {
    async stages() {
      if (state.fails) throw new Error('down');
      const byVersion = new Map<string, string[]>();
      for (const [label, id] of Object.entries(state.labels)) {
        byVersion.set(id, [...(byVersion.get(id) ?? []), label]);
      }
      return Object.fromEntries(byVersion);
    },
    value: async (_secret, id) => ({ SecretString: id === OLD.id ? OLD.value : NEW.value }),
  };
  return { state, reader };
}

function keysOf(reader: SecretReader, now: () => number, withPrevious = true): LiveKeys {
  return createLiveKeys({
    secret: 's',
    signing: 'HS256',
    reader,
    now,
    within: (work) => work,
    refreshAfter: 45,
    maxAge: 600,
    withPrevious,
    onProblem: () => undefined,
  });
}

describe('a token under a secret that an emergency has replaced', async () => {
  const forged = await issue(
    'red5',
    { ttlSeconds: 3600 },
    { key: { alg: 'HS256', kid: '11111111', key: hmacKey(OLD.value) } },
  );

  function scene() {
    const clock = { now: NOW };
    const { state, reader } = secret({ AWSCURRENT: OLD.id });
    const verify = createVerifier({
      targets: [{ name: 'red5', target: TARGETS.red5, keys: keysOf(reader, () => clock.now) }],
      issuers: [],
      assertNotDenied: async () => {},
      now: () => clock.now,
      clockSkew: 60,
    });
    return { clock, state, isAccepted: async () => (await verify(forged)).ok };
  }

  test('is accepted for a minute at most, however idle the environment is', async () => {
    const { clock, state, isAccepted } = scene();
    expect(await isAccepted()).toBe(true);
    state.labels = { AWSCURRENT: NEW.id };
    clock.now = NOW + 61;
    expect(await isAccepted()).toBe(false);
  });

  test('is accepted with the keys of before only while Secrets Manager does not answer', async () => {
    const { clock, state, isAccepted } = scene();
    expect(await isAccepted()).toBe(true);
    state.labels = { AWSCURRENT: NEW.id };
    state.fails = true;
    clock.now = NOW + 599;
    expect(await isAccepted()).toBe(true);
    state.fails = false;
    clock.now = NOW + 605;
    expect(await isAccepted()).toBe(false);
  });
});

describe('the callers’ secret', () => {
  async function isKnown(labels: Record<string, string>, shown: string): Promise<boolean> {
    const callerSecret = keysOf(secret(labels).reader, () => NOW, false);
    const event = { headers: { authorization: `Bearer ${shown}` }, body: '{}' };
    const deps = { verify: verifierWith(), streams: UNCOUNTED, callerSecret };
    return (await answerCallback(event, red5Invalidate, deps)).response.body === '{"result":true}';
  }

  test.each([
    ['the current one', { AWSCURRENT: NEW.id }, NEW.value, true],
    ['the one that is to replace it', { AWSCURRENT: OLD.id, AWSPENDING: NEW.id }, NEW.value, true],
    ['one that was replaced', { AWSCURRENT: NEW.id, AWSPREVIOUS: OLD.id }, OLD.value, false],
  ])('counts: %s', async (_which, labels, shown, known) => {
    expect(await isKnown(labels, shown)).toBe(known);
  });
});
