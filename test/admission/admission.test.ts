import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAdmission } from '../../lib/admission/admission.ts';
import type { AdmissionOptions } from '../../lib/admission/admission.ts';
import { DENY_CACHE_SECONDS } from '../../lib/admission/cached-table.ts';
import type { DenyTable } from '../../lib/admission/cached-table.ts';
import { rowIdOf } from '../../lib/admission/deny-rows.ts';
import { whomOf } from '../../lib/admission/for-whom.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { within } from '../../lib/node/system.ts';

const ISSUER = 'https://id.example.com';
const OTHER_ISSUER = 'https://id.other.example';

function identity(
  subject: string,
  claims: Readonly<Record<string, unknown>> = {},
  issuer = ISSUER,
): Identity {
  return { issuer, subject, claims, groups: [], expiresAt: 2_000_000_000 };
}

/** A clock that a test sets. */
function clockAt(seconds: number): { now: () => number; advance(by: number): void } {
  let time = seconds;
  return { now: () => time, advance: (by) => void (time += by) };
}

/** A deny table in memory that counts how often it is asked, and fails where it is told to. */
function memoryTable(): DenyTable & {
  items: Map<string, number>;
  asked: string[][];
  fault?: () => Promise<never>;
} {
  const items = new Map<string, number>();
  const asked: string[][] = [];
  return {
    items,
    asked,
    async find(keys) {
      asked.push([...keys]);
      if (this.fault !== undefined) return this.fault();
      return new Map(keys.flatMap((key) => (items.has(key) ? [[key, items.get(key) ?? Infinity]] : [])));
    },
  };
}

function admission(options: Partial<AdmissionOptions>) {
  const { assertNotDenied, admit } = createAdmission({ deny: {}, now: () => 1000, within, ...options });
  return { assertNotDenied, admit: (person: Identity) => admit(whomOf(person)) };
}

const byIssuer = (value: string, issuer = ISSUER): string => rowIdOf({ kind: 'sub', value, issuer });

describe('the configured deny list', () => {
  const { admit } = admission({ deny: { subjects: ['mallory'], sessions: ['s-1'] } });

  test.each([
    ['a denied subject', identity('mallory')],
    ['a denied subject of any issuer', identity('mallory', {}, OTHER_ISSUER)],
    ['a denied sid', identity('anna', { sid: 's-1' })],
    ['a denied jti', identity('anna', { jti: 's-1' })],
    ['a denied origin_jti, which Cognito keeps over renewals', identity('anna', { origin_jti: 's-1' })],
  ])('refuses %s', async (_title, person) => {
    await expect(admit(person)).rejects.toMatchObject({ reason: 'subject_token_denied', status: 400 });
  });

  test.each([
    ['another subject', identity('anna')],
    ['the subject in other case', identity('Mallory')],
    ['a session that only begins like a denied one', identity('anna', { sid: 's-10' })],
    ['a session id as a subject', identity('s-1')],
    ['a session claim that is not a string', identity('anna', { sid: ['s-1'], jti: 1 })],
  ])('admits %s', async (_title, person) => {
    await expect(admit(person)).resolves.toBeUndefined();
  });
});

describe('the deny table', () => {
  test.each([
    ['by issuer and subject', byIssuer('anna')],
    ['by subject, of any issuer', rowIdOf({ kind: 'sub', value: 'anna' })],
    ['by sign-in', rowIdOf({ kind: 'sign-in', value: 's-1' })],
  ])('refuses %s', async (_title, key) => {
    const table = memoryTable();
    table.items.set(key, Infinity);
    await expect(admission({ table }).admit(identity('anna', { sid: 's-1' }))).rejects.toMatchObject({
      reason: 'subject_token_denied',
    });
  });

  test.each([
    ['the same subject of another issuer', byIssuer('anna', OTHER_ISSUER)],
    ['a session that is called like the subject', rowIdOf({ kind: 'sign-in', value: 'anna' })],
    ['a denial that has ended', `ended`],
  ])('admits %s', async (_title, key) => {
    const table = memoryTable();
    table.items.set(key === 'ended' ? byIssuer('anna') : key, key === 'ended' ? 1000 : Infinity);
    await expect(admission({ table }).admit(identity('anna', { sid: 's-1' }))).resolves.toBeUndefined();
  });

  test('is asked once in ten seconds for one person, and then heeds what has changed', async () => {
    const clock = clockAt(1000);
    const table = memoryTable();
    const { admit } = admission({ table, now: clock.now });
    await admit(identity('anna'));
    table.items.set(byIssuer('anna'), Infinity);
    clock.advance(DENY_CACHE_SECONDS);
    await expect(admit(identity('anna'))).resolves.toBeUndefined();
    expect(table.asked).toHaveLength(1);
    clock.advance(1);
    await expect(admit(identity('anna'))).rejects.toMatchObject({ reason: 'subject_token_denied' });
    table.items.clear();
    clock.advance(DENY_CACHE_SECONDS + 1);
    await expect(admit(identity('anna'))).resolves.toBeUndefined();
  });

  test('is asked again where the clock was set back', async () => {
    const clock = clockAt(1000);
    const table = memoryTable();
    const { admit } = admission({ table, now: clock.now });
    await admit(identity('anna'));
    clock.advance(-500);
    await admit(identity('anna'));
    expect(table.asked).toHaveLength(2);
  });

  test('ends a denial at its time, from the cache too', async () => {
    const clock = clockAt(1000);
    const table = memoryTable();
    table.items.set(byIssuer('anna'), 1003);
    const { admit } = admission({ table, now: clock.now });
    await expect(admit(identity('anna'))).rejects.toMatchObject({ reason: 'subject_token_denied' });
    clock.advance(3);
    await expect(admit(identity('anna'))).resolves.toBeUndefined();
    expect(table.asked).toHaveLength(1);
  });

  test.each([
    ['fails', () => Promise.reject(new Error('down'))],
    ['hangs', () => new Promise<never>(() => undefined)],
  ])('lets nobody through while it %s, and heals by itself', async (_title, fault) => {
    const table = memoryTable();
    const { admit } = admission({ table });
    table.fault = fault;
    await expect(admit(identity('anna'))).rejects.toMatchObject({
      reason: 'deny_list_unavailable',
      status: 503,
    });
    delete table.fault;
    await expect(admit(identity('anna'))).resolves.toBeUndefined();
  });

  test('is not asked about a person whom the configuration denies', async () => {
    const table = memoryTable();
    const { admit } = admission({ deny: { subjects: ['mallory'] }, table });
    await expect(admit(identity('mallory'))).rejects.toMatchObject({ reason: 'subject_token_denied' });
    expect(table.asked).toHaveLength(0);
  });

  test('keeps its memory bounded and still heeds every denial', async () => {
    const table = memoryTable();
    table.items.set(byIssuer('person-0'), Infinity);
    const { admit } = admission({ table });
    for (let index = 1; index < 6000; index++) await admit(identity(`person-${index}`));
    await expect(admit(identity('person-0'))).rejects.toMatchObject({ reason: 'subject_token_denied' });
    await admit(identity('person-1'));
    expect(table.asked).toHaveLength(6001);
  });
});

test('a denial that was made room for is not forgotten, and none is made up', async () => {
  const table = memoryTable();
  const { admit } = admission({ table });
  for (let index = 0; index < 2048; index++) await admit(identity(`person-${index}`));
  await expect(admit(identity('person-0', { sid: 's-1' }))).resolves.toBeUndefined();
});

describe('the limit of one subject', () => {
  test('serves a burst of a minute’s tokens, then says how long to wait', async () => {
    const clock = clockAt(1000);
    const { admit } = admission({ tokensPerMinute: 6, now: clock.now });
    for (let count = 0; count < 6; count++) await admit(identity('anna'));
    await expect(admit(identity('anna'))).rejects.toMatchObject({
      reason: 'too_many_tokens',
      status: 400,
      retryAfterSeconds: 10,
    });
    clock.advance(9);
    await expect(admit(identity('anna'))).rejects.toMatchObject({ retryAfterSeconds: 1 });
    clock.advance(1);
    await expect(admit(identity('anna'))).resolves.toBeUndefined();
    await expect(admit(identity('anna'))).rejects.toMatchObject({ reason: 'too_many_tokens' });
  });

  test('counts each subject of each issuer on its own', async () => {
    const { admit } = admission({ tokensPerMinute: 1 });
    await admit(identity('anna'));
    await admit(identity('anna', {}, OTHER_ISSUER));
    await admit(identity('berta'));
    await expect(admit(identity('anna'))).rejects.toMatchObject({ reason: 'too_many_tokens' });
  });

  test('gives nothing for a clock that is set back', async () => {
    const clock = clockAt(1000);
    const { admit } = admission({ tokensPerMinute: 1, now: clock.now });
    await admit(identity('anna'));
    clock.advance(-600);
    await expect(admit(identity('anna'))).rejects.toMatchObject({ reason: 'too_many_tokens' });
  });

  test('is none where none is configured', async () => {
    const { admit } = admission({});
    const admitted = Promise.all(Array.from({ length: 1000 }, () => admit(identity('anna'))));
    await expect(admitted).resolves.toHaveLength(1000);
  });

  test('never allows more than a minute’s tokens beyond what time has given', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.array(fc.nat(20)), async (limit, waits) => {
        const clock = clockAt(1000);
        const { admit } = admission({ tokensPerMinute: limit, now: clock.now });
        let issued = 0;
        for (const wait of waits) {
          clock.advance(wait);
          issued += await admit(identity('anna')).then(
            () => 1,
            () => 0,
          );
        }
        expect(issued).toBeLessThanOrEqual(limit + ((clock.now() - 1000) * limit) / 60);
      }),
    );
  });
});
