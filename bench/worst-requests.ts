/**
 * `node bench/worst-requests.ts`: what the costliest requests that anyone can send cost, in milliseconds of CPU each: forms of
 * the greatest size, tokens of the greatest length, and what is made to be read slowly.
 */

import { createService } from '../functions/wiring/service.ts';
import type { ApiGatewayEvent } from '../lib/api-gateway/event.ts';
import { toEvent } from '../lib/api-gateway/event.ts';
import { localSecretOf } from '../lib/config/stand-ins.ts';
import { exchange } from '../lib/exchange/exchange.ts';
import type { ExchangeDeps } from '../lib/exchange/exchange.ts';
import { identify } from '../lib/identity/identify.ts';
import { oidc } from '../lib/identity/presets/oidc.ts';
import { createVerifiedTokens } from '../lib/identity/verified-tokens.ts';
import { red5 } from '../lib/media-servers/red5/claims.ts';
import { newRandomId, systemNow } from '../lib/node/system.ts';
import { indexRules } from '../lib/policy/match-rules.ts';
import type { Rule } from '../lib/policy/rule.ts';
import { configOf } from '../test/support/config.ts';
import { median } from './measure/statistics.ts';
import { startScene } from './scene.ts';

const ROUNDS = 15;
const FULL = 65_000;
const LONGEST_TOKEN = 12_000;

const scene = await startScene();
const config = configOf({
  issuers: [oidc({ issuer: scene.env['OIDC_ISSUER'] ?? '', audience: scene.env['OIDC_AUDIENCE'] ?? '' })],
  targets: { red5: red5({ secret: localSecretOf('red5'), issuer: 'streampass' }) },
  grants: [
    { group: 'broadcasters', target: 'red5', actions: ['publish'], rooms: ['*'], ttl: 3600 },
    // As a service with many tenants has them.
    ...Array.from({ length: 2000 }, (_, index): Rule => ({
      group: `group-${index}`,
      target: 'red5',
      actions: ['publish', 'subscribe'],
      rooms: [`room-${index}-*`, '${tenant}~*'],
      ttl: 3600,
    })),
  ],
});
// Where the SDK itself looks for the endpoint, at its first call.
Object.assign(process.env, scene.env);
const service = createService({ config, problems: [] }, scene.env);
const deps: ExchangeDeps = {
  config,
  rules: indexRules(config.grants, config.targets, config.timing.clockSkew),
  identify: (token, type) =>
    identify(token, type, {
      issuers: service.issuers,
      // No token is remembered: each request is a first one.
      verified: createVerifiedTokens(0),
      now: systemNow,
      clockSkew: config.timing.clockSkew,
    }),
  admit: service.admission.admit,
  ringOf: service.ringOf,
  now: systemNow,
  newId: newRandomId,
};

const many = (text: string, length = FULL): string =>
  text.repeat(Math.ceil(length / text.length)).slice(0, length);
const base64url = (text: string): string => Buffer.from(text).toString('base64url');
const good = (changes: Parameters<typeof scene.newEvent>[1] = {}): ApiGatewayEvent =>
  scene.newEvent('RS256', changes);
const bodyOf = (event: ApiGatewayEvent): string => Buffer.from(event.body ?? '', 'base64').toString();
const withBody = (body: string): ApiGatewayEvent => ({ ...good(), body, isBase64Encoded: false });
const withForm = (more: string): ApiGatewayEvent => withBody(`${bodyOf(good())}&${more}`);
const withToken = (subject_token: string): ApiGatewayEvent => good({ form: { subject_token } });
const groups = Array.from({ length: 900 }, (_, index) => `group-${index}`);

const REQUESTS: Readonly<Record<string, () => unknown>> = {
  'an ordinary one': () => good(),
  'content type, 9,000 blanks': () => ({
    ...good(),
    headers: { 'content-type': `application/x-www-form-urlencoded;${many(' ', 9000)}x` },
  }),
  'content type, 9,000 semicolons': () => ({
    ...good(),
    headers: { 'content-type': `application/x-www-form-urlencoded${many(';', 9000)}` },
  }),
  '1,000 headers': () => ({
    ...good(),
    headers: {
      ...good().headers,
      ...Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`X-Header-${index}`, 'x'])),
    },
  }),
  'body of ampersands': () => withBody(many('&')),
  'body of equal signs': () => withBody(many('=')),
  'body of per cent signs': () => withBody(many('%')),
  'body of encoded bytes': () => withForm(`x=${many('%F0%9F%98%80', 60_000)}`),
  'body of 20,000 parameters': () => withForm(many('a=&', 60_000)),
  'body of 8,000 targets': () => withForm(many('audience=&', 60_000)),
  'room of 30,000 words': () => good({ form: { room: many('a ', 60_000) } }),
  'room of 16 names of 128': () =>
    good({
      form: {
        room: Array.from({ length: 16 }, (_, index) => `room-${index}-`.padEnd(128, 'x')).join(' '),
        transport: 'WHIP',
      },
    }),
  'room of one name': () => good({ form: { room: many('a', 60_000) } }),
  'scope of 30,000 words': () => good({ form: { scope: many('a ', 60_000) } }),
  'scope of 20,000 different words': () =>
    good({ form: { scope: Array.from({ length: 11_000 }, (_, index) => index.toString(36)).join(' ') } }),
  'transport of 30,000 words': () => good({ form: { transport: many('whip ', 60_000) } }),
  'expires_in of digits': () => good({ form: { expires_in: many('9', 60_000) } }),
  'token of dots': () => withToken(many('.', 16_000)),
  'token of letters': () => withToken(many('A', 16_000)),
  'token, header of nested arrays': () => withToken(`${base64url(`{"alg":${many('[', 11_000)}`)}.e30.AA`),
  'token, claims of nested arrays': () =>
    withToken(
      `${base64url('{"alg":"RS256","kid":"a"}')}.${base64url(`{"a":${'['.repeat(5500)}${']'.repeat(5500)}}`)}.AA`,
    ),
  'token, 12,000 characters of kid': () =>
    withToken(
      `${base64url(`{"alg":"RS256","kid":"${many('k', 10_000)}"}`)}.${base64url(`{"iss":"${scene.env['OIDC_ISSUER']}"}`)}.AA`,
    ),
  'token, 900 groups of 2,000 rules': () => good({ claims: { groups } }),
  'token, 900 groups, 16 rooms': () =>
    good({
      claims: { groups, tenant: 'acme' },
      form: { room: Array.from({ length: 16 }, (_, index) => `room-${index}-a`).join(' ') },
    }),
  'token, 900 groups, refused': () => good({ claims: { groups, tenant: 'acme' }, form: { room: 'nowhere' } }),
  'token, 1,000 claims': () =>
    good({ claims: Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`c${index}`, 1])) }),
  'token, one long claim': () => good({ claims: { name: many('é', LONGEST_TOKEN / 2) } }),
};

console.log('| request | CPU, ms |\n|---|---|');
for (const [title, make] of Object.entries(REQUESTS)) {
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const sent = make();
    const before = process.cpuUsage();
    await exchange(toEvent(sent), deps);
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / 1000);
  }
  console.log(`| ${title} | ${median(costs).toFixed(2)} |`);
}
await scene.close();
