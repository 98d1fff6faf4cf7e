import { beforeAll, describe, expect, test } from 'vitest';
import { bounds, largeBounds } from './model/bounds.ts';
import { explore } from './model/explore.ts';
import { mutations } from './model/mutations.ts';
import { loadProduction, type Production } from './model/production.ts';

/**
 * Exhaustive exploration of a bounded model with the production `plan`: in no reachable state does a live token set lack
 * a token that a serving node accepts. `MODEL=large` explores more, for minutes.
 */
const all = { ...bounds, ...(process.env['MODEL'] === 'large' && largeBounds) };

describe('no reachable state turns a token set away', () => {
  let production: Production;
  let states = 0;
  beforeAll(async () => {
    production = await loadProduction();
    return () => console.log(`rotation model: ${states} states explored`);
  });

  test.each(Object.entries(all))('%s', { timeout: 600_000 }, (_, bound) => {
    const explored = explore(production, bound);
    states += explored.states;
    expect(explored.broken).toBeUndefined();
    // Without a fleet no rotation may end by itself.
    expect(explored.retired).toBe(!('reaches' in bound) || bound.reaches < Infinity);
  });
});

describe('a plan without', () => {
  test.each(Object.entries(mutations))(
    '%s turns somebody away, or ends no rotation',
    { timeout: 60_000 },
    async (_, mutation) => {
      const production = await loadProduction(mutation);
      const { broken, retired } = explore(production, { ...bounds, ...largeBounds }[mutation.shownBy]);
      expect(broken !== undefined || !retired).toBe(true);
    },
  );
});
