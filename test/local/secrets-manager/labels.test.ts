import { describe, expect, test } from 'vitest';
import { createModel, modelWithSecret, move, put, versionId } from './model.ts';

/** Current version 2, previous version 1; AWSPENDING is still on 2. */
function promoted() {
  const model = modelWithSecret();
  model.answer('PutSecretValue', put(2, 'AWSPENDING'));
  model.answer('UpdateSecretVersionStage', move('AWSCURRENT', { to: 2, from: 1 }));
  return model;
}

describe('UpdateSecretVersionStage', () => {
  test('a rollback swaps AWSCURRENT and AWSPREVIOUS and leaves AWSPENDING', () => {
    const model = promoted();
    model.answer('UpdateSecretVersionStage', move('AWSCURRENT', { to: 1, from: 2 }));
    expect(model.labels('s')).toEqual({ 1: ['AWSCURRENT'], 2: ['AWSPENDING', 'AWSPREVIOUS'] });
  });

  test('a promotion takes AWSPREVIOUS from the version before the last', () => {
    const model = promoted();
    model.answer('PutSecretValue', put(3, 'NEXT'));
    model.answer('UpdateSecretVersionStage', move('AWSCURRENT', { to: 3, from: 2 }));
    expect(model.labels('s')).toEqual({ 2: ['AWSPENDING', 'AWSPREVIOUS'], 3: ['AWSCURRENT', 'NEXT'] });
  });

  test('a promotion leaves a label of our own where it was', () => {
    const model = modelWithSecret();
    model.answer('UpdateSecretVersionStage', move('STREAMPASS_SERVERS', { to: 1 }));
    model.answer('PutSecretValue', put(2, 'AWSPENDING'));
    model.answer('UpdateSecretVersionStage', move('AWSCURRENT', { to: 2, from: 1 }));
    expect(model.labels('s')).toEqual({
      1: ['AWSPREVIOUS', 'STREAMPASS_SERVERS'],
      2: ['AWSCURRENT', 'AWSPENDING'],
    });
  });

  test('AWSCURRENT moves to a version that has no label', () => {
    const model = promoted();
    model.answer('UpdateSecretVersionStage', move('AWSPREVIOUS', { from: 1 }));
    model.answer('UpdateSecretVersionStage', move('AWSCURRENT', { to: 1, from: 2 }));
    expect(model.labels('s')).toEqual({ 1: ['AWSCURRENT'], 2: ['AWSPENDING', 'AWSPREVIOUS'] });
  });

  test('a label of our own moves from the version that holds it', () => {
    const model = promoted();
    model.answer('UpdateSecretVersionStage', move('X', { to: 1 }));
    model.answer('UpdateSecretVersionStage', move('X', { to: 2, from: 1 }));
    expect(model.labels('s')[2]).toContain('X');
    expect(model.labels('s')[1]).not.toContain('X');
  });

  test.each([
    [
      'RemoveFromVersionId is left out for a label that is held',
      move('X', { to: 2 }),
      'InvalidParameterException',
    ],
    ['RemoveFromVersionId is not the holder', move('X', { to: 1, from: 2 }), 'InvalidParameterException'],
    ['the label is on no version', move('FREE', { to: 2, from: 1 }), 'InvalidParameterException'],
    ['the label to remove is on no version', move('FREE', { from: 1 }), 'InvalidParameterException'],
    ['RemoveFromVersionId names no version', move('X', { to: 2, from: 9 }), 'InvalidParameterException'],
    [
      'the second delivery of a promotion',
      move('AWSCURRENT', { to: 2, from: 1 }),
      'InvalidParameterException',
    ],
    ['AWSCURRENT would be on no version', move('AWSCURRENT', { from: 2 }), 'InvalidParameterException'],
    ['no version is named', move('X', {}), 'InvalidParameterException'],
    ['MoveToVersionId names no version', move('FREE', { to: 9 }), 'ResourceNotFoundException'],
  ])('changes nothing where %s', (_, input, code) => {
    const model = promoted();
    model.answer('UpdateSecretVersionStage', move('X', { to: 1 }));
    const before = model.store;
    expect(model.refusal('UpdateSecretVersionStage', input)).toBe(code);
    expect(model.store).toBe(before);
  });

  test('a label that is where it is wanted stays there', () => {
    const model = promoted();
    const before = model.store;
    model.answer('UpdateSecretVersionStage', move('AWSCURRENT', { to: 2, from: 2 }));
    model.answer('UpdateSecretVersionStage', move('AWSCURRENT', { to: 2 }));
    expect(model.store).toBe(before);
  });

  test('a secret takes 20 labels and no more', () => {
    const model = modelWithSecret();
    for (let n = 1; n <= 19; n += 1) model.answer('UpdateSecretVersionStage', move(`L${n}`, { to: 1 }));
    expect(model.labels('s')[1]).toHaveLength(20);
    expect(model.refusal('UpdateSecretVersionStage', move('L20', { to: 1 }))).toBe('LimitExceededException');
  });
});

describe('PutSecretValue', () => {
  test('takes the labels it names from other versions without asking', () => {
    const model = modelWithSecret();
    model.answer('PutSecretValue', put(2, 'AWSPENDING', 'X'));
    model.answer('PutSecretValue', put(3, 'AWSPENDING'));
    expect(model.labels('s')).toEqual({ 1: ['AWSCURRENT'], 2: ['X'], 3: ['AWSPENDING'] });
  });

  test('without labels abandons a rotation whose version is not current yet', () => {
    const model = modelWithSecret();
    model.answer('PutSecretValue', put(2, 'AWSPENDING', 'X'));
    model.answer('PutSecretValue', put(3));
    expect(model.labels('s')).toEqual({ 1: ['AWSPREVIOUS'], 2: ['X'], 3: ['AWSCURRENT'] });
  });

  test('of AWSCURRENT and AWSPENDING gives both to the new version', () => {
    const model = modelWithSecret();
    model.answer('PutSecretValue', put(2, 'AWSPENDING'));
    model.answer('PutSecretValue', put(3, 'AWSCURRENT', 'AWSPENDING'));
    expect(model.labels('s')).toEqual({ 1: ['AWSPREVIOUS'], 3: ['AWSCURRENT', 'AWSPENDING'] });
  });

  test('leaves labels of our own on the version that was current', () => {
    const model = modelWithSecret();
    model.answer('UpdateSecretVersionStage', move('STREAMPASS_SERVERS', { to: 1 }));
    model.answer('PutSecretValue', put(2));
    expect(model.labels('s')).toEqual({ 1: ['AWSPREVIOUS', 'STREAMPASS_SERVERS'], 2: ['AWSCURRENT'] });
  });

  test('gives the first version AWSCURRENT besides the label that it names', () => {
    const model = createModel();
    model.answer('CreateSecret', { Name: 's' });
    expect(model.answer('PutSecretValue', put(1, 'X'))).toMatchObject({ VersionStages: ['AWSCURRENT', 'X'] });
  });

  test('of a token that was used with this value leaves all labels, and tells which they are', () => {
    const model = promoted();
    const before = model.store;
    expect(model.answer('PutSecretValue', put(1))).toMatchObject({ VersionStages: ['AWSPREVIOUS'] });
    expect(model.store).toBe(before);
  });

  test('refuses the text of a binary value for the same token', () => {
    const model = modelWithSecret();
    const SecretBinary = Buffer.from('value 1').toString('base64');
    const input = { SecretId: 's', ClientRequestToken: versionId(1), SecretBinary };
    expect(model.refusal('PutSecretValue', input)).toBe('ResourceExistsException');
  });
});

describe('RotateSecret', () => {
  const rotate = {
    SecretId: 's',
    ClientRequestToken: versionId(2),
    RotationLambdaARN: 'arn:aws:lambda:eu-central-1:111111111111:function:rotate',
  };

  test('puts AWSPENDING on a version without a value, which takes its value once', () => {
    const model = modelWithSecret();
    model.answer('RotateSecret', rotate);
    expect(model.labels('s')).toEqual({ 1: ['AWSCURRENT'], 2: ['AWSPENDING'] });
    const pending = { SecretId: 's', VersionStage: 'AWSPENDING' };
    expect(model.refusal('GetSecretValue', pending)).toBe('ResourceNotFoundException');
    model.answer('PutSecretValue', put(2, 'AWSPENDING'));
    expect(model.answer('GetSecretValue', pending)).toMatchObject({ SecretString: 'value 2' });
    const other = { ...put(2, 'AWSPENDING'), SecretString: 'another value' };
    expect(model.refusal('PutSecretValue', other)).toBe('ResourceExistsException');
  });

  test('with RotateImmediately false puts AWSPENDING on a copy of the current value', () => {
    const model = modelWithSecret();
    model.answer('RotateSecret', { ...rotate, RotateImmediately: false });
    const pending = { SecretId: 's', VersionStage: 'AWSPENDING' };
    expect(model.answer('GetSecretValue', pending)).toMatchObject({
      VersionId: versionId(2),
      SecretString: 'value 1',
    });
  });

  test('is refused while another rotation is under way', () => {
    const model = modelWithSecret();
    model.answer('PutSecretValue', put(3, 'AWSPENDING'));
    expect(model.refusal('RotateSecret', rotate)).toBe('InvalidRequestException');
  });

  test('is refused without a token in its own way', () => {
    const model = modelWithSecret();
    expect(model.refusal('RotateSecret', { SecretId: 's' })).toBe('InvalidParameterException');
  });

  test('is undone by CancelRotateSecret, which leaves the labels', () => {
    const model = modelWithSecret();
    expect(model.refusal('CancelRotateSecret', { SecretId: 's' })).toBe('InvalidRequestException');
    model.answer('RotateSecret', { ...rotate, RotationRules: { AutomaticallyAfterDays: 30 } });
    expect(model.answer('CancelRotateSecret', { SecretId: 's' })).toMatchObject({ VersionId: versionId(2) });
    expect(model.labels('s')).toEqual({ 1: ['AWSCURRENT'], 2: ['AWSPENDING'] });
    expect(model.answer('DescribeSecret', { SecretId: 's' })).toMatchObject({
      RotationEnabled: false,
      RotationRules: { AutomaticallyAfterDays: 30 },
    });
  });
});
