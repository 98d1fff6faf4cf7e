import { describe, expect, test } from 'vitest';
import {
  antmedia,
  cat,
  jitsi,
  kms,
  livekit,
  mediamtx,
  moqx,
  red5,
  rtcstats,
} from '../../lib/config/index.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { inStage } from '../../lib/config/stand-ins.ts';
import { configOf, problemsOf } from '../support/config.ts';

const cams = (signer = kms()) => mediamtx({ issuer: 'streampass', signer });
const linesOf = (targets: Readonly<Record<string, Target>>) =>
  problemsOf({ issuers: [], targets, grants: [] }).map(({ path, problem }) => `${path}: ${problem}`);

describe('keys in KMS', () => {
  test('have aliases of the stage and the target, unless told', () => {
    const { targets } = configOf({
      issuers: [],
      targets: { cams: cams(), meet: cams(kms({ keyId: 'alias/company/meet' })) },
      grants: [],
    });
    expect(targets['cams']?.signer).toMatchObject({ by: 'kms', keyId: 'alias/streampass/test/cams' });
    expect(targets['meet']?.signer).toMatchObject({ by: 'kms', keyId: 'alias/company/meet' });
  });

  test('of a deployment are not reached from the local stack', () => {
    const config = configOf({
      issuers: [],
      targets: { cams: cams(kms({ keyId: 'alias/company/cams' })) },
      grants: [],
    });
    const standIns = { issuer: { issuer: 'http://localhost:3001', audience: 'a' }, fleets: {} };
    const env = { STREAMPASS_STAND_INS: JSON.stringify(standIns) };
    expect(inStage(config, { stage: 'local', env }).targets['cams']?.signer?.keyId).toBe(
      'alias/streampass/local/cams',
    );
  });

  test.each<[string, Readonly<Record<string, Target>>, readonly string[]]>([
    [
      'for EdDSA',
      { cams: mediamtx({ issuer: 'streampass', signing: 'EdDSA', signer: kms() }) },
      ['targets.cams.signer: is for ES256, RS256 and HS256: this target signs with EdDSA'],
    ],
    [
      'for moqx',
      { relay: moqx({ signer: kms() }) },
      [
        'targets.relay.signer: is for servers that use the shared secret itself as the key: these derive another key from it',
      ],
    ],
    ...['7c1d', 'alias/', 'alias/aws/secretsmanager', 'alias/a/', 'alias/a*'].map(
      (keyId): [string, Readonly<Record<string, Target>>, readonly string[]] => [
        `under ${keyId}`,
        { cams: cams(kms({ keyId })) },
        [
          'targets.cams.signer.keyId: must be an alias such as "alias/streampass/prod/live", with which the aliases of the keys begin',
        ],
      ],
    ),
    [
      'with an unknown option',
      { cams: cams(kms({ keyID: 'alias/a' } as never)) },
      ['targets.cams.signer.keyID: is not a known option; did you mean "keyId"?'],
    ],
    [
      'by something else than kms()',
      { cams: cams({ by: 'kms' } as never) },
      ['targets.cams.signer: must be made by kms({ … })'],
    ],
    [
      'of another target',
      { cams: cams(), more: cams(kms({ keyId: 'alias/streampass/test/cams' })) },
      ['targets.more.signer.keyId: includes keys of cams: each target needs an alias of its own'],
    ],
    [
      'below those of another target',
      { cams: cams(kms({ keyId: 'alias/team' })), more: cams(kms({ keyId: 'alias/team/more' })) },
      ['targets.more.signer.keyId: includes keys of cams: each target needs an alias of its own'],
    ],
  ])('are refused %s', (_what, targets, lines) => {
    expect(linesOf(targets)).toEqual(lines);
  });

  test.each<[string, Readonly<Record<string, Target>>]>([
    ['Red5 Pro', { live: red5({ issuer: 'streampass', signer: kms() }) }],
    ['Jitsi', { meet: jitsi({ appId: 'a', domain: 'd', signer: kms() }) }],
    ['LiveKit', { hall: livekit({ signer: kms() }) }],
    ['Ant Media', { ant: antmedia({ signer: kms() }) }],
    ['rtcstats', { stats: rtcstats({ signer: kms() }) }],
    ['a CDN', { cdn: cat({ path: '/live/', signing: 'HS256', signer: kms() }) }],
  ])('can be the shared secret of %s', (_what, targets) => {
    expect(linesOf(targets)).toEqual([]);
  });

  test('may have names that only begin alike', () => {
    expect(
      linesOf({ cams: cams(kms({ keyId: 'alias/a' })), more: cams(kms({ keyId: 'alias/ab' })) }),
    ).toEqual([]);
  });
});
