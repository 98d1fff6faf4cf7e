import { describe, expect, test } from 'vitest';
import { auth0, entra, jitsi, oidc, red5 } from '../../lib/config/index.ts';
import type { Issuer } from '../../lib/identity/issuer.ts';
import { FINDING_KINDS, lintPolicy } from '../../lib/policy/lint.ts';
import type { Rule } from '../../lib/policy/rule.ts';

const A = oidc({ issuer: 'https://a.example', audience: 'app' });
const B = oidc({ issuer: 'https://b.example', audience: 'app' });
const TENANT = '9122040d-6c67-4c5b-b112-36a304b66dad';
const targets = {
  live: red5({ issuer: 'streampass' }),
  meet: jitsi({ appId: 'streampass', domain: 'meet.example.com' }),
};

const watch: Rule = { group: 'viewers', target: 'live', actions: ['subscribe'], rooms: ['news-*'], ttl: 900 };

function lint(grants: readonly Rule[], issuers: readonly Issuer[] = [A]): readonly string[] {
  return lintPolicy({ issuers, targets, grants }).map(({ kind, path }) => `${kind} ${path}`);
}

const ofA: Rule = { ...watch, issuer: A.issuer };
const ofB: Rule = { ...watch, issuer: B.issuer };

describe('of rules it is said', () => {
  test.each<[string, Rule[], Issuer[], string[]]>([
    ['nothing of an ordinary one', [watch], [A], []],
    ['that one reaches any room', [{ ...watch, rooms: ['a', '*'] }], [A], ['any_room grants[0].rooms[1]']],
    [
      'that no value of a claim is accepted',
      [{ ...watch, claims: { tier: [] } }],
      [A],
      ['never_matches grants[0].claims.tier'],
    ],
    [
      'that moderate needs join',
      [{ target: 'meet', actions: ['moderate'], rooms: ['a'], ttl: 60 }],
      [A],
      ['never_matches grants[0].actions[0]'],
    ],
    [
      'nothing of moderate if another rule allows join',
      [
        { target: 'meet', group: 'g', actions: ['moderate'], rooms: ['a'], ttl: 60 },
        { target: 'meet', actions: ['join'], rooms: ['a'], ttl: 60 },
      ],
      [A],
      [],
    ],
    [
      'that a provider sends no groups',
      [watch],
      [auth0({ domain: 'a.auth0.com', clientId: 'app' })],
      ['group_not_sent grants[0].group'],
    ],
    [
      'that a provider sends groups by their ids alone',
      [watch],
      [entra({ tenantId: TENANT, clientId: 'app', groups: 'groups' })],
      ['group_not_sent grants[0].group'],
    ],
    [
      'that two rules spell a group in two cases',
      [
        { ...watch, group: 'viewers' },
        { ...watch, group: 'Viewers', rooms: ['b'] },
      ],
      [A],
      ['group_case grants[1].group'],
    ],
    ['nothing of app roles, which have names', [watch], [entra({ tenantId: TENANT, clientId: 'app' })], []],
    ['nothing of groups while no provider is configured', [watch], [], []],
    ['that the second of two equal ones is useless', [watch, watch], [A], ['shadowed grants[1]']],
    [
      'that a narrower one is useless, wherever it stands',
      [{ ...watch, rooms: ['news-1'], transports: ['WHEP'], ttl: 60 }, watch],
      [A],
      ['shadowed grants[0]'],
    ],
    [
      'nothing of a narrower one that lasts longer',
      [{ ...watch, rooms: ['news-1'], ttl: 1000 }, watch],
      [A],
      [],
    ],
    [
      'that one with more conditions is useless',
      [{ ...watch, claims: { mfa: true }, signedInWithin: 60 }, watch],
      [A],
      ['shadowed grants[0]'],
    ],
    [
      'that one is useless which another covers with fewer accepted values',
      [
        { ...watch, claims: { tier: 'gold' } },
        { ...watch, claims: { tier: ['gold', 'silver'] } },
      ],
      [A],
      ['shadowed grants[0]'],
    ],
    ['that one names no issuer though there are two', [watch], [A, B], ['no_issuer grants[0]']],
    [
      'nothing of everyone signed in, whoever signed them in',
      [{ target: 'live', actions: ['subscribe'], rooms: ['news-*'], ttl: 900 }],
      [A, B],
      [],
    ],
    [
      'that a claim has no mark after it',
      [{ ...watch, rooms: ['${tenant}*'] }],
      [A],
      ['tenants_meet grants[0].rooms[0]'],
    ],
    [
      'that two claims have no mark between them',
      [{ ...watch, rooms: ['${tenant}${room}'] }],
      [A],
      ['tenants_meet grants[0].rooms[0]'],
    ],
    ['nothing of a claim with a mark after it', [{ ...watch, rooms: ['${tenant}~*', '${sub}'] }], [A], []],
    [
      'that the rules of two providers share a room',
      [
        { ...ofA, rooms: ['acme~*'] },
        { ...ofB, rooms: ['${tenant}~*'] },
      ],
      [A, B],
      ['tenants_meet grants[0].rooms'],
    ],
    [
      'that they do in another case, if the server folds it',
      [
        { issuer: A.issuer, target: 'meet', actions: ['join'], rooms: ['Acme-1'], ttl: 60 },
        { issuer: B.issuer, target: 'meet', actions: ['join'], rooms: ['acme-*'], ttl: 60 },
      ],
      [A, B],
      ['tenants_meet grants[0].rooms'],
    ],
    [
      'nothing if their rooms have nothing in common',
      [
        { ...ofA, rooms: ['acme~*'] },
        { ...ofB, rooms: ['umbrella~*'] },
      ],
      [A, B],
      [],
    ],
    [
      'nothing if their targets differ',
      [
        { ...ofA, rooms: ['lobby'] },
        { issuer: B.issuer, target: 'meet', actions: ['join'], rooms: ['lobby'], ttl: 60 },
      ],
      [A, B],
      [],
    ],
  ])('%s', (_title, grants, issuers, expected) => {
    expect(lint(grants, issuers)).toEqual(expected);
  });
});

test('every kind of finding is described in docs/policy.md', async () => {
  const { readFile } = await import('node:fs/promises');
  const page = await readFile(new URL('../../docs/policy.md', import.meta.url), 'utf8');
  for (const kind of FINDING_KINDS) expect(page).toContain(`\`${kind}\``);
});
