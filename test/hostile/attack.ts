import type { ApiGatewayEvent } from '../../lib/api-gateway/event.ts';
import { AUDIENCE, by, compact } from './token-issuer.ts';
import type { Part, TokenIssuer } from './token-issuer.ts';

/** One hostile request, what it tries, and what comes of it. */
export interface Attack {
  /** What the attacker does. */
  readonly attack: string;
  readonly event: (issuer: TokenIssuer) => ApiGatewayEvent;
  /** What it sends besides what is `/token`'s own: the same is sent to the other endpoints. */
  readonly sent?: (issuer: TokenIssuer) => { readonly token?: string; readonly room?: string };
  /** `400 CODE REASON`, or for a request that is not an attack after all `200 ACTIONS in ROOMS over TRANSPORTS for SECONDS`. */
  readonly outcome: string;
}

export const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
export const JWT = 'urn:ietf:params:oauth:token-type:jwt';
export const FORM = 'application/x-www-form-urlencoded';

/** What a viewer is given who asks for one public room on Red5. */
export const VIEWING = '200 subscribe in public-a over WHEP for 900 s';

/** Parameters by name; `undefined` leaves one out, a list sends it more than once. */
export type Parameters = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The claims of a viewer's ID token, good for a quarter of an hour. */
export function viewer({ issuer }: TokenIssuer): Readonly<Record<string, unknown>> {
  const now = Math.floor(Date.now() / 1000);
  return { iss: issuer, sub: 'anna', aud: AUDIENCE, iat: now, exp: now + 900, groups: ['viewers'] };
}

/** A viewer's ID token with changes; `undefined` leaves a claim out. */
export function tokenOf(
  issuer: TokenIssuer,
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): string {
  return rawToken(issuer, { alg: 'RS256', kid: 'rsa', ...header }, { ...viewer(issuer), ...claims });
}

/** A token of any header and payload with a good signature by RS256. */
export function rawToken(issuer: TokenIssuer, header: Part, payload: Part): string {
  return compact(header, payload, by(issuer.keys.rsa));
}

/** The three parts of a viewer's ID token. */
export function partsOf(issuer: TokenIssuer): { header: string; payload: string; signature: string } {
  const [header = '', payload = '', signature = ''] = tokenOf(issuer).split('.');
  return { header, payload, signature };
}

/** A viewer's request for one public room on Red5, with changes. */
export function request(issuer: TokenIssuer, changes: Parameters = {}): ApiGatewayEvent {
  return rawRequest(formOf(issuer, changes));
}

/** A request with this text as its body. */
export function rawRequest(
  body: string,
  headers: Readonly<Record<string, string>> = { 'content-type': FORM },
): ApiGatewayEvent {
  return httpEvent('POST', '/token', body, headers);
}

/** A request as API Gateway hands it over. */
export function httpEvent(
  method: string,
  path: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): ApiGatewayEvent {
  return {
    rawPath: path,
    headers,
    body,
    isBase64Encoded: false,
    requestContext: {
      domainName: 'api.example.com',
      requestId: 'r-1',
      http: { sourceIp: '203.0.113.9', method },
    },
  };
}

/** The body of a viewer's request, with changes. */
export function formOf(issuer: TokenIssuer, changes: Parameters = {}): string {
  const form: Parameters = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: tokenOf(issuer),
    subject_token_type: ID_TOKEN,
    audience: 'red5',
    room: 'public-a',
    ...changes,
  };
  const pairs = Object.entries(form).flatMap(([name, value]) =>
    (value === undefined ? [] : [value].flat()).map((each): [string, string] => [name, each]),
  );
  return new URLSearchParams(pairs).toString();
}

/** Attacks that each change some parameters of a viewer's request. */
export function byParameters(
  rows: readonly (readonly [attack: string, changes: Parameters, outcome: string])[],
): readonly Attack[] {
  return rows.map(([attack, changes, outcome]) => ({
    attack,
    event: (issuer) => request(issuer, changes),
    ...(typeof changes['room'] === 'string' &&
      Object.keys(changes).length === 1 && { sent: () => ({ room: String(changes['room']) }) }),
    outcome,
  }));
}

/** Attacks that each send another subject token; what it is said to be is left open. */
export function byToken(
  rows: readonly (readonly [attack: string, token: (issuer: TokenIssuer) => string, outcome: string])[],
): readonly Attack[] {
  return rows.map(([attack, token, outcome]) => ({
    attack,
    event: (issuer) => request(issuer, { subject_token: token(issuer), subject_token_type: JWT }),
    sent: (issuer) => ({ token: token(issuer) }),
    outcome,
  }));
}

/** The outcome of an answer in the words of a row. */
export function outcomeOf(statusCode: number, body: string): string {
  const answer = JSON.parse(body) as Readonly<Record<string, unknown>>;
  if (statusCode !== 200) return `${statusCode} ${String(answer['error'])} ${String(answer['reason'])}`;
  const claims = claimsOf(String(answer['access_token'])) as Readonly<Record<string, string | undefined>>;
  const rooms = claims['red5-room'] ?? claims['room'] ?? 'any room';
  const transports = claims['red5-transport'];
  const over = transports === undefined ? '' : ` over ${transports}`;
  return `200 ${String(answer['scope'])} in ${rooms}${over} for ${String(answer['expires_in'])} s`;
}

/** A token's claims, unverified. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const payload = token.split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Readonly<Record<string, unknown>>;
}
