import { expect, test } from 'vitest';
import { corsOf } from '../../../infra/stack/api.ts';
import { EVERY_OPTION, scenario } from './scenarios.ts';

const page = 'http://localhost:3003';

test('pages may send a sign-in as a header only where LiveKit’s SDKs are served, and each header is named once', () => {
  expect(corsOf({ ...scenario('one target alone'), page })).toMatchObject({
    allowedHeaders: ['content-type'],
  });
  const every = scenario(EVERY_OPTION);
  expect(corsOf(every)).toMatchObject({ allowedHeaders: ['content-type', 'authorization', 'traceparent'] });
  const deploy = { ...every.config.deploy, allowedHeaders: ['Authorization', 'X-Trace'] };
  expect(corsOf({ ...every, config: { ...every.config, deploy } })).toMatchObject({
    allowedHeaders: ['content-type', 'authorization', 'x-trace'],
  });
});
