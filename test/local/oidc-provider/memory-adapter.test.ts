import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMemoryAdapter } from '../../../local/oidc-provider/memory-adapter.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

test.each([
  ['before its end', 59_999, { accountId: 'viewer' }],
  ['at its end', 60_000, undefined],
] as const)('finds an entry or not, %s', async (_title, laterMs, found) => {
  const sessions = createMemoryAdapter()('Session');
  await sessions.upsert('s1', { accountId: 'viewer' }, 60);

  vi.advanceTimersByTime(laterMs);

  expect(await sessions.find('s1')).toEqual(found);
});

test('keeps the models and the providers apart', async () => {
  const adapter = createMemoryAdapter();
  await adapter('Session').upsert('1', { uid: 'u' }, 60);

  expect(await adapter('Interaction').find('1')).toBeUndefined();
  expect(await adapter('Interaction').findByUid('u')).toBeUndefined();
  expect(await adapter('Session').findByUid('u')).toEqual({ uid: 'u' });
  expect(await createMemoryAdapter()('Session').find('1')).toBeUndefined();
});

test('marks a code as used', async () => {
  const codes = createMemoryAdapter()('AuthorizationCode');
  await codes.upsert('c1', { clientId: 'demo' }, 60);

  await codes.consume('c1');

  expect(await codes.find('c1')).toEqual({ clientId: 'demo', consumed: 1_000_000 });
});

test('revokes what belongs to a grant, in its own model only', async () => {
  const adapter = createMemoryAdapter();
  await adapter('AccessToken').upsert('a1', { grantId: 'g1' }, 60);
  await adapter('AccessToken').upsert('a2', { grantId: 'g2' }, 60);
  await adapter('Interaction').upsert('i1', { grantId: 'g1' }, 60);

  await adapter('AccessToken').revokeByGrantId('g1');

  expect(await adapter('AccessToken').find('a1')).toBeUndefined();
  expect(await adapter('AccessToken').find('a2')).toEqual({ grantId: 'g2' });
  expect(await adapter('Interaction').find('i1')).toEqual({ grantId: 'g1' });
});
