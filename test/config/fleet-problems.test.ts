import { expect, test } from 'vitest';
import { fleetProblems } from '../../lib/config/fleet-problems.ts';
import type { Fleet, KeyDistribution } from '../../lib/media-servers/target.ts';

const files = (...paths: string[]): Fleet => ({ by: 'files', files: paths });
const ssm = (key: string, value: string): Fleet => ({
  by: 'ssm',
  tag: { key, value },
  document: 'streampass-node',
});

test.each<[string, string, KeyDistribution, Fleet | undefined, string[]]>([
  ['no servers', 'red5', 'single', undefined, []],
  ['two files', 'red5', 'single', files('/a', '/b'), []],
  ['its own kind of file', 'jitsi', 'single', files('/etc/prosody/conf.d/meet.cfg.lua'), []],
  ['a key file of LiveKit', 'livekit', 'keyring', files('/etc/livekit/keys.yaml'), []],
  [
    'a file of another kind',
    'red5',
    'single',
    files('/a/red5-web.properties', '/b/meet.cfg.lua'),
    ['targets.t.fleet.files[1]: is a config file of jitsi servers, and this target is red5'],
  ],
  [
    'a config file in place of a key ring',
    'jitsi',
    'keyring',
    files('/etc/prosody/conf.d/meet.cfg.lua'),
    ['targets.t.fleet.files[0]: is a config file of jitsi servers: name the key ring file'],
  ],
  ['a tag', 'jitsi', 'single', ssm('role', 'jitsi'), []],
  ['an unknown kind with a key ring file', 'own', 'keyring', files('/a'), []],
  [
    'an unknown kind',
    'own',
    'single',
    files('/a'),
    ['targets.t.fleet: no config file format is known for own servers'],
  ],
  ['a key ring on instances', 'jitsi', 'keyring', ssm('role', 'jitsi'), []],
  [
    'a key ring on instances of an unknown kind',
    'own',
    'keyring',
    ssm('role', 'own'),
    ['targets.t.fleet: own servers have no key ring: name their config files'],
  ],
])('%s', (_, kind, keys, fleet, problems) => {
  const target = { kind, keys, ...(fleet && { fleet }) };
  expect(fleetProblems({ t: target }).map(({ path, problem }) => `${path}: ${problem}`)).toEqual(problems);
});
