import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rehearse, type RehearsalOptions } from '../../cli/rehearse/rehearse.ts';
import { tableOf, timelineOf } from '../../cli/rehearse/show.ts';
import { days, jitsi, livekit, mediamtx, red5, rtcstats } from '../../lib/config/index.ts';
import { DEFAULT_TIMING } from '../../lib/config/config.ts';
import type { Target } from '../../lib/media-servers/target.ts';

const start = Date.parse('2026-11-24T10:00:00Z') / 1000; // A Tuesday.
const options: RehearsalOptions = { start, nodes: 4, reloadSeconds: 30, faults: false };
const fleet = { by: 'files', files: ['-'] } as const;
const config = { timing: DEFAULT_TIMING, grants: [], rotation: {} };
const everyone = (target: string) => ({
  ...config,
  grants: [{ target, actions: ['join'], rooms: ['*'], ttl: 3600 }],
});

describe.each([
  ['without faults', false],
  ['with faults', true],
])('a rotation %s refuses no connection', (_, faults) => {
  test.each([
    ['red5', red5({ issuer: 'streampass', fleet })],
    ['jitsi', jitsi({ appId: 'streampass', domain: 'meet.example.com', fleet })],
    ['rtcstats', rtcstats({ keyring: true, fleet })],
    ['livekit', livekit({ fleet })],
    ['mediamtx', mediamtx({ issuer: 'streampass' })],
  ] satisfies [string, Target][])('of %s', async (name, target) => {
    const rehearsal = await rehearse(name, target, everyone(name), { ...options, faults });
    expect(rehearsal).toMatchObject({ ended: true, refused: 0 });
    expect(rehearsal.connections).toBeGreaterThan(1000);
  });
});

test('a rehearsal says how long each phase takes, and why', async () => {
  const target = red5({ issuer: 'streampass', fleet });
  const rehearsal = await rehearse('red5', target, everyone('red5'), options);
  const table = tableOf('red5', rehearsal, 'Europe/Berlin');
  expect(table).toMatch(/^red5: ends after 2 h 1\d min; \d+ connections tried, 0 refused; 4 reloads$/m);
  expect(table).toMatch(/^ {2}Tue 24 Nov, 11:01 {2}announced {2}waiting_for_twins +1 h 11 min$/m);
  expect(table).toMatch(/promoted {3}overlap +1 h/);
});

test('a window delays the push', async () => {
  const window = { days: ['Thu' as const], from: '09:00', to: '16:00', timeZone: 'UTC' };
  const target = red5({ issuer: 'streampass', fleet, rotation: { every: days(90), window } });
  const { stretches, refused } = await rehearse('red5', target, everyone('red5'), options);
  const push = stretches.find(({ phase }) => phase === 'pushing');
  expect(new Date((push?.from ?? 0) * 1000).toISOString()).toMatch(/^2026-11-26T09:0/);
  expect(refused).toBe(0);
});

test('a rotation whose waits are too short is seen to refuse connections', async () => {
  // Tokens of a day, of which the rules, and so the waits, know nothing.
  const target = red5({ issuer: 'streampass', fleet });
  const hasty = { ...target, keys: 'single' as const };
  const rehearsal = await rehearse('red5', hasty, everyone('red5'), { ...options, tokenSeconds: 86_400 });
  expect(rehearsal.refused).toBeGreaterThan(0);
});

test('the timeline is a picture with a bar for each stretch', async () => {
  const target = red5({ issuer: 'streampass', fleet });
  const rehearsal = await rehearse('red5', target, everyone('red5'), options);
  const svg = timelineOf({ red5: rehearsal }, 'UTC');
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  expect(svg.match(/<title>/g)).toHaveLength(rehearsal.stretches.length);
  expect(svg).toContain('<title>promoted: overlap, 1 h</title>');
});

test.each([
  ['--nodes', '1000000', '--nodes must be a whole number from 1 to 1000\n'],
  ['--reload', '-1', '--reload must be'],
  ['--start', 'tomorrow', '--start must be a time'],
])('%s %s is refused at once', (option, value, problem) => {
  const { status, stderr } = spawnSync(process.execPath, ['cli/rehearse.ts', `${option}=${value}`], {
    cwd: join(import.meta.dirname, '../..'),
    encoding: 'utf8',
  });
  expect(status).toBe(2);
  expect(stderr).toContain(problem);
});
