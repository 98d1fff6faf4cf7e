import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canSendGroup, findGroups, groupsIn, toGroupSources } from '../../lib/identity/groups.ts';
import type { Groups } from '../../lib/identity/groups.ts';
import type { JsonObject } from '../../lib/jws/compact.ts';

function groupsOf(groups: Groups, claims: JsonObject): readonly string[] {
  return groupsIn(toGroupSources(groups), claims);
}

describe('groups are found', () => {
  test.each<[string, Groups, JsonObject, string[]]>([
    ['in an array', 'groups', { groups: ['a', 'b'] }, ['a', 'b']],
    ['as one string', 'groups', { groups: 'a' }, ['a']],
    ['once each', 'groups', { groups: ['a', 'a'] }, ['a']],
    ['by a path', 'realm_access.roles', { realm_access: { roles: ['a'] } }, ['a']],
    ['by a longer path', 'a.b.c', { a: { b: { c: 'x' } } }, ['x']],
    ['in a claim literally of that name', 'realm_access.roles', { 'realm_access.roles': ['a'] }, ['a']],
    [
      'in a claim literally of that name before any path',
      'realm_access.roles',
      { 'realm_access.roles': ['literal'], realm_access: { roles: ['path'] } },
      ['literal'],
    ],
    [
      'below a name with dots',
      'resource_access.app.example.com.roles',
      { resource_access: { 'app.example.com': { roles: ['a'] } } },
      ['a'],
    ],
    [
      'in a claim named by an address',
      'https://example.com/groups',
      { 'https://example.com/groups': ['a'] },
      ['a'],
    ],
    ['as the names of an object', 'roles', { roles: { a: { 888: 'acme' }, b: {} } }, ['a', 'b']],
    ['as the names of an object that are true', 'roles', { roles: { a: true, b: false, c: null } }, ['a']],
    ['in several claims', ['groups', 'roles'], { groups: ['a'], roles: ['b', 'a'] }, ['a', 'b']],
    ['between separators', { claim: 'g', separator: ';' }, { g: 'staff;crew' }, ['staff', 'crew']],
    [
      'between separators and blanks',
      { claim: 'g', separator: ',' },
      { g: ' staff , crew,, ' },
      ['staff', 'crew'],
    ],
    ['in brackets', { claim: 'g', separator: ',' }, { g: '[staff, crew]' }, ['staff', 'crew']],
    ['in quotes', { claim: 'g', separator: ',' }, { g: '["staff", "crew"]' }, ['staff', 'crew']],
    ['in an array, whatever the separator', { claim: 'g', separator: ',' }, { g: ['a,b'] }, ['a,b']],
    ['by a function', (claims) => [`${String(claims['tenant'])}-staff`], { tenant: 'acme' }, ['acme-staff']],
  ])('%s', (_title, groups, claims, expected) => {
    expect(groupsOf(groups, claims)).toEqual(expected);
  });
});

describe('nothing is a group by accident', () => {
  test.each<[string, Groups, JsonObject]>([
    ['no claim', 'groups', {}],
    ['a claim of the prototype', 'constructor', {}],
    ['a path through the prototype', 'constructor.name', {}],
    ['a path through an own __proto__', '__proto__.groups', { groups: ['a'] }],
    ['a path into a string', 'name.length', { name: 'anna' }],
    ['a path into an array', 'groups.0', { groups: ['a'] }],
    ['the length of an array', 'groups.length', { groups: ['a'] }],
    ['an array inside of an array', 'groups', { groups: [['a']] }],
    ['a number, true and null', 'groups', { groups: [1, true, null, { a: 1 }, ''] }],
    ['a number alone', 'groups', { groups: 7 }],
    ['an empty string', 'groups', { groups: '' }],
    ['a separated string where no separator is named', 'groups', { groups: '' }],
    ['brackets around nothing', { claim: 'g', separator: ',' }, { g: '[]' }],
    [
      'what a function throws',
      () => {
        throw new Error('x');
      },
      {},
    ],
    ['what a function returns instead of an array', (() => 'admins') as unknown as () => string[], {}],
    ['what a function returns instead of strings', (() => [1, {}]) as unknown as () => string[], {}],
    ['a path of dots', '..', { '': { '': ['a'] } }],
  ])('%s', (_title, groups, claims) => {
    expect(groupsOf(groups, claims)).toEqual([]);
  });

  test('one string is one group if no separator is named', () => {
    expect(groupsOf('groups', { groups: 'a,b c' })).toEqual(['a,b c']);
  });
});

test('whatever a token holds, and wherever groups are looked for, they are strings with something in them', () => {
  const name = fc.constantFrom('groups', 'a.b', 'a', 'b', '__proto__', 'constructor.prototype', 'toString');
  const separator = fc.constantFrom(',', ';', ' ');
  const source = fc.oneof(name, fc.record({ claim: name, separator }));
  const claims = fc.dictionary(
    fc.constantFrom('groups', 'a.b', 'a', 'b', '__proto__'),
    fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.dictionary(fc.constantFrom('b', 'a'), fc.jsonValue())),
  );
  fc.assert(
    fc.property(fc.array(source, { minLength: 1 }), claims, (sources, some) => {
      const found = groupsOf(sources, some);
      expect(found.every((group) => typeof group === 'string' && group !== '')).toBe(true);
      expect(new Set(found).size).toBe(found.length);
    }),
  );
});

test('a source says whether the token has it', () => {
  expect(findGroups({ claim: 'groups' }, {})).toEqual({ source: 'groups', present: false, groups: [] });
  expect(findGroups({ claim: 'groups' }, { groups: [] })).toEqual({
    source: 'groups',
    present: true,
    groups: [],
  });
});

test('a group can be sent if some source can hold it', () => {
  expect(canSendGroup([], 'a')).toBe(false);
  expect(canSendGroup([{ claim: 'groups' }], 'a')).toBe(true);
  expect(canSendGroup([{ claim: 'groups', only: /^\d+$/ }], 'a')).toBe(false);
  expect(canSendGroup([{ claim: 'groups', only: /^\d+$/ }, { claim: 'roles' }], 'a')).toBe(true);
  expect(canSendGroup([() => []], 'a')).toBe(true);
});
