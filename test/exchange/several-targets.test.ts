import { describe, expect, test } from 'vitest';
import { rowIdOf } from '../../lib/admission/deny-rows.ts';
import { rowIdsOfToken } from '../../lib/admission/for-whom.ts';
import { auditLines } from '../../lib/exchange/audit.ts';
import { exchange } from '../../lib/exchange/exchange.ts';
import type { ExchangeDeps } from '../../lib/exchange/exchange.ts';
import { indexRules } from '../../lib/policy/match-rules.ts';
import type { Identity } from '../../lib/identity/identity.ts';
import { decodeCompactJws } from '../../lib/jws/compact.ts';
import { hmacKey } from '../../lib/jws/sign-hs256.ts';
import { TOKEN_EXCHANGE_GRANT } from '../../lib/oauth/token-exchange.ts';
import type { TokenResponse } from '../../lib/oauth/token-exchange.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';
import { fixtureConfig } from '../support/config.ts';

const config = fixtureConfig();

const NOW = 1_900_000_000;
const KIDS: Readonly<Record<string, string>> = { red5: '11111111', jitsi: '22222222', rtcstats: '33333333' };

function depsFor(group: string, failing?: string): ExchangeDeps {
  const identity: Identity = {
    issuer: 'https://id.example',
    subject: 'person-1',
    groups: [group],
    claims: {},
    expiresAt: NOW + 3600,
  };
  let ids = 0;
  return {
    config,
    rules: indexRules(config.grants, config.targets, config.timing.clockSkew),
    identify: async () => identity,
    admit: async () => {},
    ringOf: (name) => ({
      async get() {
        if (name === failing) throw new OAuthError('secret_unavailable');
        const key = (text: string) => ({
          alg: 'HS256' as const,
          kid: KIDS[name] ?? '',
          key: hmacKey(text.repeat(43)),
        });
        return { current: key(name[0] ?? ''), ...(name === 'red5' && { fallback: key('z') }), readAt: NOW };
      },
    }),
    now: () => NOW,
    newId: () => `id-${++ids}`,
  };
}

function ask({ audience = '', ...parameters }: Record<string, string>, deps = depsFor('moderators')) {
  const form = {
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token: 'any',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    ...parameters,
  };
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  // In these tests `,` stands between targets, each of which is sent as a parameter of its own.
  const targets = audience.split(',').map((name): [string, string] => ['audience', name]);
  const body = new URLSearchParams([...Object.entries(form), ...targets]).toString();
  return exchange({ headers, body }, deps);
}

async function granted(parameters: Record<string, string>, deps?: ExchangeDeps): Promise<TokenResponse> {
  const outcome = await ask(parameters, deps);
  if (!outcome.issued) throw outcome.error;
  return outcome.response;
}

function claimsOf(token: string | undefined): Readonly<Record<string, unknown>> {
  return decodeCompactJws(token ?? '')?.claims ?? {};
}

const origin = {
  requestId: 'r1',
  sourceIp: '192.0.2.1',
  coldStart: true,
  latencyMs: 1,
  timestampMs: NOW * 1000,
};

describe('one request for several targets', () => {
  test('gets one token each, the first one’s at the top as well', async () => {
    const response = await granted({ audience: 'red5,jitsi,rtcstats', room: 'lobby' });
    expect(Object.keys(response.tokens ?? {})).toEqual(['red5', 'jitsi', 'rtcstats']);
    expect(response).toMatchObject({ ...response.tokens?.['red5'] });
    expect(claimsOf(response.access_token)).toMatchObject({ 'red5-room': 'lobby', sub: 'person-1' });
    expect(claimsOf(response.tokens?.['jitsi']?.access_token)).toMatchObject({ room: 'lobby', aud: 'jitsi' });
    expect(claimsOf(response.tokens?.['rtcstats']?.access_token)).toMatchObject({
      rtcStats: { user: 'person-1', conference: 'lobby' },
    });
  });

  test('gets a fallback token for each target whose secret is being changed, and no other', async () => {
    const { tokens } = await granted({ audience: 'rtcstats,red5', room: 'lobby' });
    expect(tokens?.['red5']).toHaveProperty('fallback_token');
    expect(tokens?.['rtcstats']).not.toHaveProperty('fallback_token');
  });

  test('gets each token for as long as its own rules allow', async () => {
    const { tokens } = await granted({ audience: 'red5,rtcstats', room: 'lobby' });
    expect(tokens?.['red5']?.expires_in).toBe(59 * 60);
    expect(tokens?.['rtcstats']?.expires_in).toBe(6 * 3600);
  });

  test.each([
    ['left out', {}, { red5: 'publish subscribe', jitsi: 'join moderate' }],
    ['with words of both', { scope: 'publish join' }, { red5: 'publish', jitsi: 'join' }],
  ])('means its scope in the terms of each: %s', async (_name, scope, wanted) => {
    const { tokens } = await granted({ audience: 'red5,jitsi', room: 'lobby', ...scope });
    expect(tokens?.['red5']?.scope).toBe(wanted.red5);
    expect(tokens?.['jitsi']?.scope).toBe(wanted.jitsi);
  });

  test('folds the room’s case where the server does', async () => {
    const { tokens } = await granted({ audience: 'red5,jitsi', room: 'Lobby' });
    expect(claimsOf(tokens?.['red5']?.access_token)).toMatchObject({ 'red5-room': 'Lobby' });
    expect(claimsOf(tokens?.['jitsi']?.access_token)).toMatchObject({ room: 'lobby' });
  });

  test('names transports for the targets that know any', async () => {
    const { tokens } = await granted({ audience: 'rtcstats,red5', room: 'lobby', transport: 'whep' });
    expect(claimsOf(tokens?.['red5']?.access_token)).toMatchObject({ 'red5-transport': 'WHEP' });
  });

  test('is one request where the same target is named twice', async () => {
    const response = await granted({ audience: 'red5,red5', room: 'lobby' });
    expect(response).not.toHaveProperty('tokens');
    expect(response).not.toHaveProperty('session');
  });
});

describe('all or nothing', () => {
  test.each([
    ['a target that is none', { audience: 'red5,other' }, 'target_unknown', undefined],
    ['two targets in one value', { audience: 'red5 jitsi' }, 'target_unknown', undefined],
    ['five targets', { audience: 'a,b,c,d,e' }, 'too_many_audiences', undefined],
    [
      'a word that none of them knows',
      { audience: 'red5,jitsi', room: 'a', scope: 'join fly' },
      'action_unknown',
      'red5',
    ],
    ['more rooms than one of them takes', { audience: 'red5,jitsi', room: 'a b' }, 'one_room_only', 'jitsi'],
  ])('refuses %s', async (_name, parameters, reason, target) => {
    const outcome = await ask(parameters);
    expect(outcome).toMatchObject({ issued: false, error: { reason } });
    expect(outcome.facts.target).toBe(target);
  });

  test('refuses whole what the rules allow for one of them alone', async () => {
    const deps = depsFor('viewers');
    expect((await ask({ audience: 'red5', room: 'public-1' }, deps)).issued).toBe(true);
    const outcome = await ask(
      { audience: 'red5,jitsi', room: 'public-1', scope: 'subscribe join moderate' },
      deps,
    );
    expect(outcome).toMatchObject({
      issued: false,
      error: { reason: 'action_not_allowed' },
      facts: { target: 'jitsi' },
    });
  });

  test('gives nobody more of one server for having named actions of another alone', async () => {
    const outcome = await ask({ audience: 'red5,jitsi', room: 'lobby', scope: 'publish' });
    expect(outcome).toMatchObject({
      issued: false,
      error: { reason: 'action_unknown' },
      facts: { target: 'jitsi' },
    });
  });

  test('says which secret could not be had', async () => {
    const outcome = await ask(
      { audience: 'red5,rtcstats', room: 'lobby' },
      depsFor('moderators', 'rtcstats'),
    );
    expect(outcome).toMatchObject({
      issued: false,
      error: { reason: 'secret_unavailable' },
      facts: { target: 'rtcstats' },
    });
  });
});

describe('a bad call in rtcstats', () => {
  test('is traced by its session to each token, its person, its rules and its secret’s version', async () => {
    const outcome = await ask({ audience: 'red5,rtcstats', room: 'lobby' });
    if (!outcome.issued) throw outcome.error;
    const { rtcStats } = claimsOf(outcome.response.tokens?.['rtcstats']?.access_token) as {
      rtcStats: { session: string };
    };
    expect(outcome.response.session).toBe(rtcStats.session);
    const lines = auditLines(outcome, origin).filter((line) => line['session'] === rtcStats.session);
    expect(lines).toMatchObject([
      { target: 'red5', sub: 'person-1', rules: ['grants[2]'], kid: KIDS['red5'], rooms: ['lobby'] },
      { target: 'rtcstats', sub: 'person-1', rules: ['grants[5]'], kid: KIDS['rtcstats'], rooms: ['lobby'] },
    ]);
    expect(new Set(lines.map((line) => line['jti'])).size).toBe(2);
  });

  test('has the session that was asked for in every line', async () => {
    const outcome = await ask({ audience: 'red5,jitsi,rtcstats', room: 'lobby', session: 'call-7' });
    expect(auditLines(outcome, origin).map((line) => line['session'])).toEqual([
      'call-7',
      'call-7',
      'call-7',
    ]);
  });

  test('has a session that was asked for with Red5 alone, too: in its token, and in its line', async () => {
    const outcome = await ask({ audience: 'red5', room: 'lobby', session: 'call-7' });
    if (!outcome.issued) throw outcome.error;
    const claims = claimsOf(outcome.response.access_token);
    expect(claims).toMatchObject({ session: 'call-7' });
    // So a denial of the session denies this token, too.
    const whose = { targetName: 'red5', form: 'public', subject: 'person-1', claims } as const;
    expect(rowIdsOfToken(whose, [])?.ids).toContain(rowIdOf({ kind: 'session', value: 'call-7' }));
    expect(auditLines(outcome, origin)).toMatchObject([{ target: 'red5', session: 'call-7' }]);
  });

  test.each([
    ['that nobody named', {}],
    ['that is none', { session: 'call 7' }],
  ])('is in no token of Red5 with a session %s', async (_what, session) => {
    const { access_token } = await granted({ audience: 'red5', room: 'lobby', ...session });
    expect(claimsOf(access_token)).not.toHaveProperty('session');
  });

  test('has it in the line of a refusal', async () => {
    const parameters = { audience: 'jitsi', room: 'staff', session: 'call-7' };
    const outcome = await ask(parameters, depsFor('viewers'));
    expect(auditLines(outcome, origin)).toMatchObject([{ event: 'token.denied', session: 'call-7' }]);
  });

  test('counts each token once, and the exchange once', async () => {
    const lines = auditLines(await ask({ audience: 'red5,rtcstats', room: 'lobby' }), origin);
    expect(lines.map((line) => line['TokensIssued'])).toEqual([1, 1]);
    expect(lines.map((line) => line['ExchangeLatency'])).toEqual([1, undefined]);
    expect(lines.map((line) => line['ColdStart'])).toEqual([1, undefined]);
  });
});

describe('a request for one target', () => {
  test('is answered without a session, and audited by one line with the rules it rests on and the session that may be denied', async () => {
    const outcome = await ask({ audience: 'jitsi', room: 'public-1' });
    if (!outcome.issued) throw outcome.error;
    expect(Object.keys(outcome.response)).toEqual([
      'access_token',
      'issued_token_type',
      'token_type',
      'expires_in',
      'scope',
      'refresh_in',
    ]);
    const lines = auditLines(outcome, origin);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ target: 'jitsi', rules: ['grants[3]', 'grants[4]'] });
    expect(lines[0]?.['session']).toEqual(expect.any(String));
  });
});
