import { afterAll, beforeAll, expect, test } from 'vitest';
import { VIEWING, outcomeOf, request, tokenOf } from './attack.ts';
import { startBuiltFunction } from './built-function.ts';
import type { BuiltFunction } from './built-function.ts';

let token: BuiltFunction;

beforeAll(async () => {
  token = await startBuiltFunction();
});

afterAll(() => token.close());

test('a flood of made-up key ids costs the provider two fetches, nobody else their token, and is told when to ask again', async () => {
  const kids = ['', '__proto__', '../../etc/passwd', "' OR 1=1 --", 'k'.repeat(5000)];
  const madeUp = [...kids, ...Array.from({ length: 195 }, (_, index) => `key-${index}`)];
  const send = async (kid: string): Promise<string> => {
    const subjectToken = tokenOf(token.issuer, {}, { kid });
    const { statusCode, body } = await token.handler(request(token.issuer, { subject_token: subjectToken }));
    return outcomeOf(statusCode, body);
  };
  const outcomes: string[] = [];
  for (const kid of madeUp) outcomes.push(await send(kid));
  outcomes.push(...(await Promise.all(madeUp.map((kid) => send(kid)))));

  expect(new Set(outcomes)).toEqual(new Set(['400 invalid_request subject_token_key_unknown']));
  // One fetch when the function started, one for the first key id that was not known.
  expect(token.issuer.jwksFetches()).toBe(2);
  expect(await send('rsa')).toBe(VIEWING);

  const subjectToken = tokenOf(token.issuer, {}, { kid: 'made-up' });
  const { headers, body } = await token.handler(request(token.issuer, { subject_token: subjectToken }));
  const { retry_after: wait } = JSON.parse(body) as { readonly retry_after: number };
  expect(wait).toBeGreaterThanOrEqual(1);
  expect(wait).toBeLessThanOrEqual(30);
  expect(headers['retry-after']).toBe(String(wait));
});
