import { expect, test } from 'vitest';
import { simulate } from './simulation/run.ts';

const small = { rotations: 1, clients: 40, nodes: 3, issuers: 4 };

test(
  'no token set is turned away while two regions rotate and every hardship happens',
  { timeout: 60_000 },
  async () => {
    const seed = process.env['SEED'] ?? 'suite';
    const end = await simulate({ ...small, seed });
    console.log(`simulation, seed ${seed}: ${JSON.stringify(end)}`);
    expect(end.firstRejection).toBeUndefined();
    expect(end.counts).toMatchObject({ rejected: 0 });
    expect(end.counts.first).toBeGreaterThan(0);
    expect(end.counts.fallback).toBeGreaterThan(0);
    expect(Object.entries(end.hardships).filter(([, times]) => times === 0)).toEqual([]);
  },
);

test(
  'a client that drops the fallback token is turned away, and that is noticed',
  { timeout: 60_000 },
  async () => {
    const end = await simulate({ ...small, seed: 'no fallback', clientsDropFallback: true });
    expect(end.counts.rejected).toBeGreaterThan(0);
    expect(end.firstRejection).toMatch(/without a fallback token$/);
  },
);
