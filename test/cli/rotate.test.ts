import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { exitStatus, formatReport, progressLine } from '../../cli/rotate/format.ts';
import { parseReport } from '../../cli/rotate/report-schema.ts';

const V1 = '11111111-0000-4000-8000-000000000001';
const V2 = '22222222-0000-4000-8000-000000000002';
const now = new Date('2026-11-24T10:00:00Z');
const reader = { now, timeZone: 'Europe/Berlin' };

const red5 = {
  phase: 'pushing',
  current: V1,
  fallback: V2,
  nodes: [
    { node: 'i-1', holds: V2 },
    { node: 'i-2', holds: null, problem: 'did not answer' },
  ],
  next: { step: 'wait', reason: 'node_behind', at: '2026-11-24T10:04:00Z', why: 'A node is behind.' },
};
const jitsi = {
  phase: 'steady',
  current: V1,
  nodes: [],
  next: { step: 'wait', reason: 'nothing_due', at: '2027-01-05T10:00:00Z', why: 'Nothing is due.' },
};

describe('the table', () => {
  test('names each target, its phase, its nodes, what is waited for, and until when in local time', () => {
    expect(formatReport(parseReport({ targets: { red5, jitsi } }), reader)).toBe(
      [
        'TARGET  PHASE    NODES  WAITS FOR    UNTIL',
        'red5    pushing  1/2    node_behind  11:04 CET',
        'jitsi   steady   -      nothing_due  Tue 5 Jan, 11:00 CET',
        '',
        'red5: A node is behind.',
        `  current   ${V1}`,
        `  fallback  ${V2}`,
        '  node      i-2 holds no known secret: did not answer',
        '',
        'jitsi: Nothing is due.',
        `  current   ${V1}`,
      ].join('\n'),
    );
  });

  test('has a progress line', () => {
    expect(progressLine(parseReport({ targets: { red5 } }), reader)).toBe(
      'red5 pushing: node_behind until 11:04 CET (in 4 min)',
    );
  });
});

test.each([
  ['nothing is wrong', { jitsi }, 0],
  ['a node has a problem', { jitsi, red5 }, 3],
  ['the target has a problem', { jitsi: { ...jitsi, problems: ['step_failed: x'] } }, 3],
  ['something was refused', { red5, jitsi: { ...jitsi, next: { ...jitsi.next, step: 'refuse' } } }, 2],
])('the exit status if %s', (_, targets, status) => {
  expect(exitStatus(parseReport({ targets }))).toBe(status);
});

test.each([
  ['what the function threw', { errorMessage: 'No target called "liev" is rotated.' }, /liev/],
  ['what is not a report', { targets: 7 }, /did not answer with a report/],
  ['nothing', undefined, /did not answer with a report/],
])('%s is an error', (_, answer, message) => {
  expect(() => parseReport(answer)).toThrow(message);
});

describe('a deployed stage', () => {
  let lambda: Server | undefined;
  afterEach(() => lambda?.close());

  /** Lambda's Invoke as its API reference describes it. */
  async function startLambda(
    answers: readonly object[],
  ): Promise<{ url: string; asked: { path: string; event: unknown }[] }> {
    const asked: { path: string; event: unknown }[] = [];
    lambda = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        asked.push({ path: request.url ?? '', event: JSON.parse(body) });
        const answer = answers[Math.min(asked.length, answers.length) - 1] ?? {};
        const isError = 'errorMessage' in answer;
        response.writeHead(200, isError ? { 'x-amz-function-error': 'Unhandled' } : {});
        response.end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((listening) => lambda?.listen(0, '127.0.0.1', listening));
    return { url: `http://127.0.0.1:${(lambda.address() as AddressInfo).port}`, asked };
  }

  function rotate(
    url: string,
    ...args: string[]
  ): Promise<{ status: number | null; out: string; err: string }> {
    const script = fileURLToPath(new URL('../../cli/rotate.ts', import.meta.url));
    const env = {
      PATH: process.env['PATH'] ?? '',
      AWS_ENDPOINT_URL_LAMBDA: url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      TZ: 'Europe/Berlin',
    };
    const child = spawn(process.execPath, [script, ...args], { env });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    return new Promise((resolve) => {
      child.on('close', (status) => resolve({ status, out, err }));
    });
  }

  test('is asked by its function, with the same words as the local stack', { timeout: 30_000 }, async () => {
    const { url, asked } = await startLambda([{ targets: { red5 } }]);
    const { status, out } = await rotate(url, 'emergency', 'red5', '--stage', 'prod');
    expect(asked).toEqual([
      {
        path: '/2015-03-31/functions/streampass-prod-rotate/invocations',
        event: { action: 'start', emergency: true, targets: ['red5'] },
      },
    ]);
    expect(out).toContain('red5    pushing  1/2    node_behind');
    expect(status).toBe(3);
  });

  test('that throws says so in its own words', { timeout: 30_000 }, async () => {
    const { url } = await startLambda([{ errorMessage: 'start failed for red5: send it again.' }]);
    const { status, err } = await rotate(url, 'start', 'red5', '--stage', 'prod');
    expect(err).toContain('start failed for red5: send it again.');
    expect(status).toBe(1);
  });

  test('is watched until the rotation is over', { timeout: 60_000 }, async () => {
    const { url, asked } = await startLambda([{ targets: { jitsi } }]);
    const { status, out } = await rotate(url, 'start', 'jitsi', '--stage', 'prod', '--watch', '--json');
    expect(asked).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({ targets: { jitsi: { phase: 'steady' } } });
    expect(status).toBe(0);
  });

  test('needs a target for an emergency', { timeout: 30_000 }, async () => {
    const { status, err } = await rotate('http://127.0.0.1:9', 'emergency', '--stage', 'prod');
    expect(err).toContain('an emergency needs a target');
    expect(status).toBe(2);
  });
});
