import { describe, expect, test } from 'vitest';
import { files, red5, reported, ssm } from '../../lib/config/index.ts';
import { resolveConfig } from '../../lib/config/resolve-config.ts';
import type { FleetOptions } from '../../lib/media-servers/target.ts';

describe('a fleet that is made by its function', () => {
  const fleetOf = (fleet: FleetOptions) =>
    resolveConfig(
      { issuers: [], targets: { live: red5({ issuer: 'streampass', fleet }) }, grants: [] },
      { stage: 'prod', env: {} },
    ).config.targets['live']?.fleet;

  test.each([
    [files({ files: ['/a'] }), { by: 'files', files: ['/a'] }],
    [reported(), { by: 'reported' }],
    [
      ssm({ tag: { key: 'k', value: 'v' } }),
      { by: 'ssm', tag: { key: 'k', value: 'v' }, document: 'streampass-prod-secret' },
    ],
    [
      ssm({ tag: { key: 'k', value: 'v' }, document: 'mine' }),
      { by: 'ssm', tag: { key: 'k', value: 'v' }, document: 'mine' },
    ],
  ])('is %o', (fleet, expected) => {
    expect(fleetOf(fleet)).toEqual(expected);
  });

  test.each([
    [() => files(undefined as never), ['targets.live.fleet.files: is missing']],
    [
      () => ssm({ tag: { key: 'k' }, documnt: 'x' } as never),
      [
        'targets.live.fleet.tag.value: is missing',
        'targets.live.fleet.documnt: is not a known option; did you mean "document"?',
      ],
    ],
    [() => reported({ goneAfter: 1 }), ['targets.live.fleet.goneAfter: must be a whole number, 600 or more']],
  ])('never throws, and its mistakes have their path (%#)', (make, expected) => {
    const { problems } = resolveConfig(
      { issuers: [], targets: { live: red5({ issuer: 'streampass', fleet: make() }) }, grants: [] },
      { stage: 'prod', env: {} },
    );
    expect(problems.map(({ path, problem }) => `${path}: ${problem}`)).toEqual(expected);
  });
});
