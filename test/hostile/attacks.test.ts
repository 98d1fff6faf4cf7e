import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REASONS } from '../../lib/oauth/reasons.ts';
import { outcomeOf, rawRequest, request, tokenOf } from './attack.ts';
import { ATTACKS } from './attacks.ts';
import { startBuiltFunction } from './built-function.ts';
import type { BuiltFunction } from './built-function.ts';

let token: BuiltFunction;

beforeAll(async () => {
  token = await startBuiltFunction();
});

afterAll(() => token.close());

const descriptions: readonly string[] = Object.values(REASONS).map(([, description]) => description);

describe.each(Object.entries(ATTACKS))('a caller attacks the %s', (_part, attacks) => {
  test.each(attacks)('$attack: $outcome', async ({ event, outcome }) => {
    const sent = event(token.issuer);
    const response = await token.handler(sent);
    expect(outcomeOf(response.statusCode, response.body)).toBe(outcome);
    expect(response.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
    });
    if (response.statusCode === 200) return;
    const body = JSON.parse(response.body) as Readonly<Record<string, string>>;
    expect(descriptions).toContain(body['error_description']);
    expect(body['error_uri']).toBe(`https://api.example.com/errors#${body['reason']}`);
    expect(Object.keys(body).sort()).toEqual(['error', 'error_description', 'error_uri', 'reason']);
  });
});

test('at least two hundred attacks are judged, each under a name of its own', () => {
  const names = Object.values(ATTACKS)
    .flat()
    .map(({ attack }) => attack);
  expect(names.length).toBeGreaterThanOrEqual(200);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test('no attack makes the provider’s keys be fetched a second time', () => {
  expect(token.issuer.jwksFetches()).toBe(1);
});

test('no token, no secret and nothing that was sent is in the log', async () => {
  const subjectToken = tokenOf(token.issuer, { email: 'anna@example.com' });
  const issued = await token.handler(request(token.issuer, { subject_token: subjectToken }));
  const { access_token: accessToken } = JSON.parse(issued.body) as { readonly access_token: string };
  await token.handler(request(token.issuer, { room: 'vip-<script>' }));
  await token.handler(rawRequest('grant_type=sent-by-an-attacker'));
  const [header = '', , signature = ''] = subjectToken.split('.');
  const secrets = [...token.secrets.values(), accessToken.split('.')[2] ?? '', signature, header];
  const sent = ['anna@example.com', 'vip-<script>', 'sent-by-an-attacker'];
  expect([...secrets, ...sent].filter((text) => token.log().includes(text))).toEqual([]);
  expect(token.log()).toContain('"event":"token.issued"');
});
