import { describe, expect, test } from 'vitest';
import { MOST_STARTED, serveSurge } from '../../bench/measure/surge.ts';

const times = { cold: [200], answers: [20, 2] };

describe('a surge, as Lambda serves it', () => {
  test('a request that finds no idle environment starts one and waits for it', () => {
    expect(serveSurge({ arrivals: [0, 199, 200], times, provisioned: 0 })).toEqual([
      { environment: 0, latencyMs: 200, isCold: true },
      { environment: 1, latencyMs: 200, isCold: true },
      { environment: 0, latencyMs: 2, isCold: false },
    ]);
  });

  test('a provisioned environment gives its slow first answer without a start', () => {
    expect(serveSurge({ arrivals: [0, 30, 31], times, provisioned: 1 })).toEqual([
      { environment: 0, latencyMs: 20, isCold: false },
      { environment: 0, latencyMs: 2, isCold: false },
      { environment: 1, latencyMs: 200, isCold: true },
    ]);
  });

  test('what comes beyond the environments that Lambda starts in ten seconds is left out', () => {
    const arrivals = Array.from({ length: MOST_STARTED + 5 }, () => 0);
    expect(serveSurge({ arrivals, times, provisioned: 0 })).toHaveLength(MOST_STARTED);
  });
});
