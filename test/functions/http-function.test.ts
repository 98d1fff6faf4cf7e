import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { httpFunction } from '../../functions/wiring/http-function.ts';
import { jsonResponse } from '../../lib/api-gateway/event.ts';
import type { ApiGatewayResponse } from '../../lib/api-gateway/event.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';
import { VERSION } from '../../lib/version.ts';
import { configOf } from '../support/config.ts';

const CONTEXT = {} as Parameters<ReturnType<typeof httpFunction>>[1];
const EVENT = {
  headers: { Host: 'api.example' },
  rawPath: '/greet',
  requestContext: {
    requestId: 'r-1',
    domainName: 'api.example',
    http: { sourceIp: '192.0.2.1', method: 'GET' },
  },
};
const sound = { config: configOf({ issuers: [], targets: {}, grants: [] }), problems: [] };

let output = '';
beforeEach(() => {
  output = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

function lines(): readonly Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('an HTTP function', () => {
  test('answers, and leaves its lines with the request that they belong to', async () => {
    const greet = httpFunction({
      name: 'greet',
      answer: ({ rawPath }) => ({
        ...jsonResponse(200, { path: rawPath }),
        audit: ({ coldStart, latencyMs }) => [{ event: 'greet.done', coldStart, isTimed: latencyMs >= 0 }],
      }),
    });
    const response = await greet(EVENT, CONTEXT);
    expect(response).toEqual(jsonResponse(200, { path: '/greet' }));
    await greet(EVENT, CONTEXT);
    const line = {
      event: 'greet.done',
      isTimed: true,
      request_id: 'r-1',
      source_ip: '192.0.2.1',
      version: VERSION,
    };
    expect(lines()).toEqual([
      { ...line, coldStart: true },
      { ...line, coldStart: false },
    ]);
  });

  test('tells the reason of a refusal, to the client and to the log', async () => {
    const greet = httpFunction({
      name: 'greet',
      answer: () => {
        throw new OAuthError('target_unknown');
      },
    });
    const response = await greet(EVENT, CONTEXT);
    expect(response.statusCode).toBe(400);
    expect(JSON.parse(response.body)).toMatchObject({
      error: 'invalid_target',
      reason: 'target_unknown',
      error_uri: expect.stringContaining('/errors#target_unknown') as string,
    });
    expect(lines()).toEqual([
      {
        event: 'greet.refused',
        reason: 'target_unknown',
        request_id: 'r-1',
        source_ip: '192.0.2.1',
        version: VERSION,
      },
    ]);
  });

  test('answers a defect with 503, and tells nobody its message', async () => {
    const greet = httpFunction({
      name: 'greet',
      answer: () => Promise.reject(new TypeError('a secret that a parser met')),
    });
    const response = await greet(EVENT, CONTEXT);
    expect(response.statusCode).toBe(503);
    expect(JSON.parse(response.body)).toMatchObject({ reason: 'internal' });
    expect(lines()).toMatchObject([
      { event: 'greet.defect', error: 'TypeError', request_id: 'r-1' },
      { event: 'greet.refused', reason: 'internal' },
    ]);
    expect(response.body + output).not.toContain('a parser met');
  });

  test('answers nothing with a configuration that is not sound', async () => {
    const answer = vi.fn<() => ApiGatewayResponse>(() => jsonResponse(200, {}));
    const greet = httpFunction({
      name: 'greet',
      configured: { ...sound, problems: ['targets: missing'] },
      answer,
    });
    expect(JSON.parse((await greet(EVENT, CONTEXT)).body)).toMatchObject({ reason: 'config_invalid' });
    expect(answer).not.toHaveBeenCalled();
  });

  test('answers with one that is', async () => {
    const greet = httpFunction({ name: 'greet', configured: sound, answer: () => jsonResponse(200, {}) });
    expect((await greet(EVENT, CONTEXT)).statusCode).toBe(200);
  });

  test.each([undefined, null, 7, 'text', [], { headers: 1, requestContext: 'x' }])(
    'gets an event that is an event, whatever it was invoked with: %j',
    async (received) => {
      const greet = httpFunction({
        name: 'greet',
        answer: ({ headers }) => jsonResponse(200, { headers }),
      });
      const response = await greet(received as unknown as typeof EVENT, CONTEXT);
      expect([response.statusCode, JSON.parse(response.body)]).toEqual([200, { headers: {} }]);
    },
  );
});

test('the version in log lines is that of the package', () => {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  expect((JSON.parse(text) as { version: string }).version).toBe(VERSION);
});
