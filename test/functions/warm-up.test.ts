import { afterEach, describe, expect, test, vi } from 'vitest';
import { toFormEvent, warmUp } from '../../functions/wiring/warm-up.ts';
import { exchange } from '../../lib/exchange/exchange.ts';
import { oidc } from '../../lib/identity/presets/oidc.ts';
import { configOf, fixtureConfig } from '../support/config.ts';
import { conformingServers } from '../media-servers/conformance/index.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const provider = oidc({ issuer: 'https://id.example.com', audience: 'web' });
const fixture = fixtureConfig({ OIDC_ISSUER: 'https://id.example.com', OIDC_AUDIENCE: 'web' });

describe('the exchange that a function makes while it starts', () => {
  test.each(Object.entries(conformingServers))(
    'goes through to a token for the target of %s, and writes nothing',
    async (name, { target }) => {
      const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
      const config = configOf({ issuers: [provider], targets: { [name]: target }, grants: [] });
      const configured = { config, problems: [] };
      const issued = { issued: true, facts: { subject: 'warm-up', target: name } };
      expect(await warmUp(configured, {})).toMatchObject(issued);
      const byForm = await warmUp(configured, {}, (request, deps) => exchange(toFormEvent(request), deps));
      expect(byForm).toMatchObject(issued);
      expect(write).not.toHaveBeenCalled();
    },
  );

  test('gets nothing from the configuration itself: no provider, no rule, no secret', async () => {
    const outcome = await warmUp({ config: { ...fixture, grants: [] }, problems: [] }, {});
    expect(outcome).toMatchObject({
      issued: true,
      facts: { issuer: 'https://warm-up.invalid', kid: 'warm-up', rules: ['grants[0]'] },
    });
  });

  test('is left out where nothing can be granted: no provider, no target, or a configuration that is not sound', async () => {
    for (const lacking of [{ issuers: [] }, { targets: {} }])
      expect(await warmUp({ config: { ...fixture, ...lacking }, problems: [] }, {})).toBeUndefined();
    expect(await warmUp({ config: fixture, problems: ['issuers: …'] }, {})).toBeUndefined();
  });

  test.each([
    ['1769', 'on-demand', false],
    ['3008', 'on-demand', false],
    ['1768', 'on-demand', true],
    ['256', 'on-demand', true],
    ['1769', 'provisioned-concurrency', true],
    ['3008', 'snap-start', true],
  ])(
    'with %s MB, %s: %s, because a request has a whole CPU from 1,769 MB on',
    async (memory, type, isMade) => {
      const env = { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory, AWS_LAMBDA_INITIALIZATION_TYPE: type };
      const made = await warmUp({ config: fixture, problems: [] }, env);
      expect(made !== undefined).toBe(isMade);
    },
  );

  test('never fails the start, whatever a target of one’s own throws', async () => {
    const [name, target] = Object.entries(fixture.targets)[0] ?? [];
    if (name === undefined || target === undefined) throw new Error('the fixture has no target');
    const claims = (): never => {
      throw new TypeError('a mistake in it');
    };
    const config = { ...fixture, targets: { [name]: { ...target, claims } } };
    expect(await warmUp({ config, problems: [] }, {})).toBeUndefined();
  });
});
