import { expect, test } from 'vitest';
import { serverlessFunctions } from '../../../infra/stack/functions.ts';
import { scenario } from './scenarios.ts';

test('rotate runs each minute, but not by the emulation: the local stack has a schedule of its own', () => {
  const context = scenario('one target alone');
  const scheduleOf = (stage: string) => serverlessFunctions({ ...context, stage })['rotate'];
  const events = (enabled: object) => ({ events: [{ schedule: { rate: ['rate(1 minute)'], ...enabled } }] });
  expect(scheduleOf('local')).toMatchObject(events({ enabled: false }));
  expect(scheduleOf('prod')).toMatchObject(events({}));
  expect(scheduleOf('prod')).not.toMatchObject(events({ enabled: false }));
});
