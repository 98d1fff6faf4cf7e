/**
 * What a peer does around its libraries: read the form, map groups to a grant, write one audit line, answer. As short as one
 * would write it for one server and one secret, with none of streampass's other checks.
 */

import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { randomUUID } from 'node:crypto';

/** A contestant, as Lambda calls it. */
export type Handler = (event: TokenEvent, context?: unknown) => Promise<TokenAnswer>;

export interface TokenEvent {
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  readonly requestContext?: { readonly requestId?: string; readonly http?: { readonly sourceIp?: string } };
}

export interface TokenAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The claims of a verified subject token. */
export type SubjectClaims = Readonly<Record<string, unknown>>;

/** What one exchange says in the log. */
export type AuditRecord = Readonly<Record<string, unknown>>;

export const ISSUER = process.env['OIDC_ISSUER'] ?? '';
export const AUDIENCE = process.env['OIDC_AUDIENCE'] ?? '';
export const JWKS_URI = `${ISSUER}/jwks`;
export const KEY_ID = 'v1';
export const TTL_SECONDS = 3600;

/** The parameters of the request. */
export function readForm(event: TokenEvent): URLSearchParams {
  return new URLSearchParams(
    Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString(),
  );
}

/** The grant of a user, as Red5 Pro's claims; `undefined` if the user may not do it. */
export function grantedClaims(
  subject: SubjectClaims,
  form: URLSearchParams,
): Readonly<Record<string, string>> | undefined {
  const groups = Array.isArray(subject['groups']) ? subject['groups'] : [];
  const allowed = groups.includes('broadcasters') && form.get('scope') === 'publish';
  if (!allowed || form.get('audience') !== 'red5') return undefined;
  return {
    iss: 'streampass',
    sub: String(subject['sub']),
    roles: 'red5-publisher',
    'red5-transport': form.get('transport') ?? 'WHIP,RTMP',
    'red5-room': form.get('room') ?? '',
    jti: randomUUID(),
  };
}

/** The answer to a granted exchange, and to a refused one. */
export function answer(token: string | undefined): TokenAnswer {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  if (token === undefined) {
    return { statusCode: 400, headers, body: JSON.stringify({ error: 'invalid_scope' }) };
  }
  const body = JSON.stringify({
    access_token: token,
    issued_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_type: 'N_A',
    expires_in: TTL_SECONDS,
  });
  return { statusCode: 200, headers, body };
}

/** The audit line of an exchange. */
export function auditRecord(
  event: TokenEvent,
  claims: Readonly<Record<string, string>> | undefined,
): AuditRecord {
  return {
    event: claims ? 'token.issued' : 'token.denied',
    ...claims,
    request_id: event.requestContext?.requestId,
    source_ip: event.requestContext?.http?.sourceIp,
  };
}

/**
 * A handler of three parts that differ from peer to peer. The secret is fetched by the AWS SDK at the first request and
 * kept, as most functions do.
 */
export function tokenHandler(parts: {
  readonly verify: (subjectToken: string) => Promise<SubjectClaims> | SubjectClaims;
  readonly sign: (claims: Readonly<Record<string, string>>, secret: string) => Promise<string> | string;
  readonly log?: (record: AuditRecord) => void;
}): Handler {
  const log = parts.log ?? ((record) => console.log(JSON.stringify(record)));
  return async (event) => {
    const form = readForm(event);
    const subject = await parts.verify(form.get('subject_token') ?? '');
    const claims = grantedClaims(subject, form);
    const token = claims && (await parts.sign(claims, await secretText()));
    log(auditRecord(event, claims));
    return answer(token);
  };
}

let secret: Promise<string> | undefined;

/** The secret, fetched once. */
export function secretText(): Promise<string> {
  secret ??= new SecretsManagerClient({})
    .send(new GetSecretValueCommand({ SecretId: 'streampass/local/red5' }))
    .then((value) => value.SecretString ?? '');
  return secret;
}
