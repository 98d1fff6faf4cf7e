import { describe, expect, test } from 'vitest';
import { createModel, DAY_MS, modelWithSecret, put, START_MS, versionId } from './model.ts';

describe('dates', () => {
  test('are epoch seconds with a fraction, and the day of the latest read', () => {
    const model = modelWithSecret();
    model.nowMs += 1500;
    model.answer('GetSecretValue', { SecretId: 's' });
    expect(model.answer('DescribeSecret', { SecretId: 's' })).toMatchObject({
      CreatedDate: START_MS / 1000,
      LastChangedDate: START_MS / 1000,
      LastAccessedDate: Date.UTC(2026, 0, 15) / 1000,
    });
  });

  test('a version keeps the date on which it was made', () => {
    const model = modelWithSecret();
    model.nowMs += DAY_MS;
    model.answer('PutSecretValue', put(1));
    expect(model.answer('GetSecretValue', { SecretId: 's' })).toMatchObject({ CreatedDate: START_MS / 1000 });
  });

  test('only the first read of a day changes the store', () => {
    const model = modelWithSecret();
    model.answer('GetSecretValue', { SecretId: 's' });
    const before = model.store;
    model.answer('GetSecretValue', { SecretId: 's' });
    expect(model.store).toBe(before);
  });

  test('a version that was never read has no date of reading', () => {
    const [version] = modelWithSecret().answer('ListSecretVersionIds', { SecretId: 's' })[
      'Versions'
    ] as Record<string, unknown>[];
    expect(version?.['LastAccessedDate']).toBeUndefined();
  });
});

describe('a secret', () => {
  test('is found by its name and by its full ARN, in every operation alike', () => {
    const model = modelWithSecret();
    const { ARN } = model.answer('DescribeSecret', { SecretId: 's' });
    expect(model.answer('GetSecretValue', { SecretId: ARN })).toEqual(
      model.answer('GetSecretValue', { SecretId: 's' }),
    );
    expect(model.refusal('GetSecretValue', { SecretId: `${String(ARN)}x` })).toBe(
      'ResourceNotFoundException',
    );
  });

  test('may have a name that means something to JavaScript', () => {
    const model = createModel();
    expect(model.refusal('DescribeSecret', { SecretId: '__proto__' })).toBe('ResourceNotFoundException');
    const input = { Name: '__proto__', ClientRequestToken: versionId(1), SecretString: 'kept' };
    model.answer('CreateSecret', input);
    expect(model.answer('GetSecretValue', { SecretId: '__proto__' })).toMatchObject({ SecretString: 'kept' });
  });

  test('is gone when its recovery window ends, and not a millisecond before', () => {
    const model = modelWithSecret();
    model.answer('DeleteSecret', { SecretId: 's', RecoveryWindowInDays: 7 });
    model.nowMs = START_MS + 7 * DAY_MS - 1;
    expect(model.answer('DescribeSecret', { SecretId: 's' })).toHaveProperty('DeletedDate');
    model.nowMs += 1;
    expect(model.refusal('DescribeSecret', { SecretId: 's' })).toBe('ResourceNotFoundException');
  });

  test('that was deleted at once and made again has another ARN and none of the versions', () => {
    const model = modelWithSecret();
    const { ARN } = model.answer('DeleteSecret', { SecretId: 's', ForceDeleteWithoutRecovery: true });
    expect(model.answer('CreateSecret', { Name: 's' })['ARN']).not.toBe(ARN);
    expect(model.labels('s')).toEqual({});
  });

  test('that is marked for deletion is restored with its labels', () => {
    const model = modelWithSecret();
    model.answer('DeleteSecret', { SecretId: 's' });
    expect(model.refusal('DeleteSecret', { SecretId: 's' })).toBe('InvalidRequestException');
    model.answer('RestoreSecret', { SecretId: 's' });
    expect(model.answer('GetSecretValue', { SecretId: 's' })).toMatchObject({ SecretString: 'value 1' });
  });

  test('that is not there is deleted by force all the same', () => {
    const input = { SecretId: 'none', ForceDeleteWithoutRecovery: true };
    expect(createModel().answer('DeleteSecret', input)).toMatchObject({ Name: 'none' });
  });
});

test.each([
  ['a value of 65,536 bytes', { ...put(2), SecretString: 'é'.repeat(32_768) }, undefined],
  [
    'a value of one byte more',
    { ...put(2), SecretString: `${'é'.repeat(32_768)}x` },
    'InvalidParameterException',
  ],
  ['an empty value', { ...put(2), SecretString: '' }, 'InvalidParameterException'],
  [
    'a token of 31 characters',
    { ...put(2), ClientRequestToken: 'x'.repeat(31) },
    'InvalidParameterException',
  ],
  ['a token of 64 characters', { ...put(2), ClientRequestToken: 'x'.repeat(64) }, undefined],
  [
    'a token of 65 characters',
    { ...put(2), ClientRequestToken: 'x'.repeat(65) },
    'InvalidParameterException',
  ],
  ['no token', { ...put(2), ClientRequestToken: null }, 'InvalidRequestException'],
  ['no label in the list', { ...put(2), VersionStages: [] }, 'InvalidParameterException'],
  ['a label of 257 characters', put(2, 'x'.repeat(257)), 'InvalidParameterException'],
  ['labels that are not strings', { ...put(2), VersionStages: [1] }, 'SerializationException'],
  ['a value that is not a string', { ...put(2), SecretString: { a: 1 } }, 'SerializationException'],
  [
    'bytes that are not base64',
    { ...put(2), SecretString: null, SecretBinary: '*' },
    'SerializationException',
  ],
  ['no secret', { ...put(2), SecretId: undefined }, 'InvalidParameterException'],
])('PutSecretValue with %s', (_, input, code) => {
  expect(modelWithSecret().call('PutSecretValue', input).error?.code).toBe(code);
});

describe('lists', () => {
  test('versions come in pages, each of them once', () => {
    const model = modelWithSecret();
    for (let n = 2; n <= 7; n += 1) model.answer('PutSecretValue', put(n));
    const seen: number[] = [];
    let token: unknown;
    do {
      const page = model.answer('ListSecretVersionIds', {
        SecretId: 's',
        IncludeDeprecated: true,
        MaxResults: 3,
        NextToken: token,
      });
      for (const { VersionId } of page['Versions'] as { VersionId: string }[]) {
        seen.push(Number(VersionId.slice(-12)));
      }
      token = page['NextToken'];
    } while (token !== undefined);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('a token that nobody was given is refused', () => {
    const input = { SecretId: 's', NextToken: 'bogus' };
    expect(modelWithSecret().refusal('ListSecretVersionIds', input)).toBe('InvalidNextTokenException');
  });

  test('secrets come newest first, without those marked for deletion, and by filter', () => {
    const model = createModel();
    for (const Name of ['a/1', 'a/2', 'b/1']) model.answer('CreateSecret', { Name });
    model.answer('TagResource', { SecretId: 'a/2', Tags: [{ Key: 'app', Value: 'streampass' }] });
    const names = (input: Record<string, unknown>) =>
      (model.answer('ListSecrets', input)['SecretList'] as { Name: string }[]).map(({ Name }) => Name);
    expect(names({})).toEqual(['b/1', 'a/2', 'a/1']);
    expect(names({ SortOrder: 'asc', MaxResults: 1 })).toEqual(['a/1']);
    expect(names({ Filters: [{ Key: 'name', Values: ['a/'] }] })).toEqual(['a/2', 'a/1']);
    expect(names({ Filters: [{ Key: 'tag-key', Values: ['app'] }] })).toEqual(['a/2']);
    model.answer('DeleteSecret', { SecretId: 'b/1' });
    expect(names({})).toEqual(['a/2', 'a/1']);
    expect(names({ IncludePlannedDeletion: true })).toEqual(['b/1', 'a/2', 'a/1']);
  });

  test('BatchGetSecretValue reads by filter, and names what it cannot read', () => {
    const model = modelWithSecret();
    model.answer('CreateSecret', { Name: 'sibling' });
    expect(model.answer('BatchGetSecretValue', { Filters: [{ Key: 'name', Values: ['s'] }] })).toMatchObject({
      SecretValues: [{ Name: 's', SecretString: 'value 1' }],
      Errors: [{ ErrorCode: 'ResourceNotFoundException' }],
    });
  });
});

describe('versions past 100', () => {
  function withPuts(count: number) {
    const model = modelWithSecret();
    for (let n = 2; n <= count; n += 1) model.answer('PutSecretValue', put(n));
    return model;
  }

  test('are all kept for a day', () => {
    expect(withPuts(120).store.secrets[0]?.versions).toHaveLength(120);
  });

  test('go after a day, oldest first, but not with a label', () => {
    const model = withPuts(120);
    model.answer('UpdateSecretVersionStage', {
      SecretId: 's',
      VersionStage: 'KEPT',
      MoveToVersionId: versionId(1),
    });
    model.nowMs += DAY_MS + 1;
    model.answer('PutSecretValue', put(121));
    const numbers = model.store.secrets[0]?.versions.map(({ id }) => Number(id.slice(-12)));
    expect(numbers).toHaveLength(100);
    expect(numbers?.slice(0, 2)).toEqual([1, 23]);
  });
});

describe('tags', () => {
  test('a secret takes 50 tags and no more', () => {
    const model = modelWithSecret();
    const tags = Array.from({ length: 50 }, (_, n) => ({ Key: `k${n}`, Value: '' }));
    model.answer('TagResource', { SecretId: 's', Tags: tags });
    const oneMore = { SecretId: 's', Tags: [{ Key: 'k50', Value: '' }] };
    expect(model.refusal('TagResource', oneMore)).toBe('InvalidParameterException');
  });

  test('those that are taken off are gone, the others stay', () => {
    const model = modelWithSecret();
    const tags = [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ];
    model.answer('TagResource', { SecretId: 's', Tags: tags });
    model.answer('UntagResource', { SecretId: 's', TagKeys: ['a', 'unknown'] });
    expect(model.answer('DescribeSecret', { SecretId: 's' })).toMatchObject({
      Tags: [{ Key: 'b', Value: '2' }],
    });
  });
});

describe('GetRandomPassword', () => {
  test('holds each included type and nothing that is excluded', () => {
    const password = String(
      createModel().answer('GetRandomPassword', {
        PasswordLength: 4,
        ExcludePunctuation: true,
        IncludeSpace: true,
        ExcludeCharacters: 'abc',
      })['RandomPassword'],
    );
    expect(Array.from(password, typeOf).toSorted()).toEqual(['digit', 'lowercase', 'space', 'uppercase']);
  });

  function typeOf(character: string): string {
    if (/[d-z]/.test(character)) return 'lowercase';
    if (/[A-Z]/.test(character)) return 'uppercase';
    if (/[0-9]/.test(character)) return 'digit';
    return character === ' ' ? 'space' : `not included: ${character}`;
  }

  test('is refused where nothing is left to choose from', () => {
    const nothing = {
      ExcludeLowercase: true,
      ExcludeUppercase: true,
      ExcludeNumbers: true,
      ExcludePunctuation: true,
    };
    expect(createModel().refusal('GetRandomPassword', nothing)).toBe('InvalidParameterException');
  });
});

test('an operation that is not known names those that are', () => {
  const { error } = createModel().call('StealSecrets', {});
  expect(error?.code).toBe('UnknownOperationException');
  expect(error?.message).toContain('PutSecretValue');
});
