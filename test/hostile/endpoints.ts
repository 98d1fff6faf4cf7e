import { join } from 'node:path';
import type { ApiGatewayEvent, ApiGatewayResponse } from '../../lib/api-gateway/event.ts';
import { signStreamKey } from '../../lib/stream-keys/stream-key.ts';
import { claimsOf, httpEvent, tokenOf } from './attack.ts';
import type { Attack } from './attack.ts';
import type { BuiltFunction, BuiltFunctionOptions } from './built-function.ts';

/** What an attack sends, whatever the endpoint: a token in the place of a sign-in or a key, a room in the place of a good one. */
export interface Sent {
  readonly token?: string;
  readonly room?: string;
}

/** An HTTP endpoint beside `/token`: which function answers, its well-formed request, and what an attack must come to there. */
export interface Endpoint {
  readonly path: string;
  readonly options: BuiltFunctionOptions;
  readonly event: (built: BuiltFunction, sent: Sent) => ApiGatewayEvent | Promise<ApiGatewayEvent>;
  /** What the well-formed request comes to. */
  readonly opens: string;
  readonly outcomeOf: (response: ApiGatewayResponse) => string;
  /** What an attack's answer must be, from what it comes to at `/token`. */
  readonly expected: (attack: Attack, sent: Sent) => string | RegExp;
}

/** RFC 6750 §2.1: what else stands in the header is not a bearer token. Blanks before it count for nothing. */
const isBearer = (token: string) => /^ *[\w.~+/-]+=*$/.test(token);

/** A stream key of a broadcaster for `public-a` and the stream `main`, good for an hour. */
function streamKeyOf({ issuer, signingKey }: BuiltFunction): Promise<string> {
  const issuedAt = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer.issuer, sub: 'anna' };
  return signStreamKey(
    {
      id: 'key-1',
      owner: {
        issuer: issuer.issuer,
        subject: 'anna',
        groups: ['broadcasters'],
        claims,
        expiresAt: issuedAt + 3600,
      },
      target: 'red5',
      room: 'public-a',
      stream: 'main',
      actions: ['publish'],
      transports: ['WHIP'],
      issuedAt,
      expiresAt: issuedAt + 3600,
    },
    signingKey('stream-keys'),
  );
}

const refusedWith = (reason: string): RegExp => new RegExp(`^4\\d\\d ${reason}$`);

export const ENDPOINTS: readonly Endpoint[] = [
  {
    path: '/livekit/token',
    options: { name: 'livekit', config: join(import.meta.dirname, 'hall.config.ts'), secrets: ['hall'] },
    event: ({ issuer }, { token = tokenOf(issuer), room = 'public-a' }) => ({
      ...httpEvent('POST', '/livekit/token', JSON.stringify({ room_name: room }), {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
      }),
      routeKey: 'POST /livekit/token',
    }),
    opens: '201',
    outcomeOf({ statusCode, body }) {
      const { participant_token: token, reason } = JSON.parse(body) as Readonly<Record<string, string>>;
      if (token === undefined) return `${statusCode} ${reason}`;
      const { canPublish, roomAdmin } = claimsOf(token)['video'] as Readonly<Record<string, unknown>>;
      return [String(statusCode), canPublish && 'publish', roomAdmin && 'admin'].filter(Boolean).join(' ');
    },
    expected({ outcome }, { token, room }) {
      if (token !== undefined && !isBearer(token)) return '401 bearer_missing';
      // One room is asked for here, and it is not a parameter of a form.
      if (room === '') return '400 livekit_request_malformed';
      if (room?.includes(' ')) return '400 room_malformed';
      return outcome.startsWith('200 ') || token?.startsWith(' ')
        ? '201'
        : refusedWith(outcome.split(' ').at(-1) ?? '');
    },
  },
  {
    path: '/whip/{target}/{room}/{stream}',
    options: {
      name: 'whip',
      secrets: ['red5', 'stream-keys'],
      env: { RED5_ADDRESS: 'https://red5.example.com' },
    },
    event: async (built, { token, room = 'public-a' }) => ({
      ...httpEvent('POST', `/whip/red5/${room}/main`, 'v=0', {
        'content-type': 'application/sdp',
        authorization: `Bearer ${token ?? (await streamKeyOf(built))}`,
      }),
      routeKey: 'ANY /whip/{target}/{room}/{stream}',
      pathParameters: { target: 'red5', room, stream: 'main' },
    }),
    opens: '307 on',
    outcomeOf: ({ statusCode, headers, body }) =>
      [
        statusCode,
        ...(headers['location'] ? ['on'] : []),
        body.trim() && (JSON.parse(body) as { reason: string }).reason,
      ]
        .join(' ')
        .trim(),
    // No identity token is a stream key, however good it is.
    expected: (_attack, { token }) =>
      token === undefined ? /^(404|403 stream_key_scope)$/ : isBearer(token) ? '401 invalid_token' : '401',
  },
  {
    path: '/red5/validateCredentials',
    options: { name: 'callbacks' },
    event: ({ issuer }, { token = tokenOf(issuer), room = 'public-a' }) =>
      httpEvent(
        'POST',
        '/red5/validateCredentials',
        JSON.stringify({ type: 'subscriber', username: 'jwt', password: 'jwt', streamID: room, token }),
        { 'content-type': 'application/json' },
      ),
    // A sign-in opens no media server.
    opens: '200 {"result":false}',
    outcomeOf: ({ statusCode, body }) => `${statusCode} ${body}`,
    expected: () => '200 {"result":false}',
  },
  {
    path: '/nodes/{target}',
    options: { name: 'nodes', config: join(import.meta.dirname, 'hall.config.ts'), secrets: ['rtcstats'] },
    // The whole message is a token.
    event: ({ issuer }, { token = tokenOf(issuer) }) => ({
      ...httpEvent('POST', '/nodes/rtcstats', token, { 'content-type': 'application/jwt' }),
      routeKey: 'POST /nodes/{target}',
      pathParameters: { target: 'rtcstats' },
    }),
    opens: '401',
    outcomeOf: ({ statusCode }) => String(statusCode),
    expected: () => /^40[01]$/,
  },
];
