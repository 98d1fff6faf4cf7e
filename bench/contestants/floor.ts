/**
 * The floor: what no program can avoid. One signature verified and one HMAC made by `node:crypto`, the least JSON, one line
 * of log; one secret and one set of keys fetched by unsigned requests. Nothing is checked: it must never be used.
 */

import { createHmac, createPublicKey, randomUUID, verify } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { request } from 'node:http';
import type { Handler } from './whole-job.ts';

function fetchJson(url: string, body?: string): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'secretsmanager.GetSecretValue',
    };
    request(
      url,
      { method: body === undefined ? 'GET' : 'POST', headers: body === undefined ? {} : headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(JSON.parse(text) as Readonly<Record<string, unknown>>));
      },
    )
      .on('error', reject)
      .end(body);
  });
}

const [jwks, value] = await Promise.all([
  fetchJson(`${process.env['OIDC_ISSUER']}/jwks`),
  fetchJson(process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] ?? '', '{"SecretId":"streampass/local/red5"}'),
]);
const secret = String(value['SecretString']);
const keys = new Map<unknown, KeyObject>(
  (jwks['keys'] as (JsonWebKey & { kid: string })[]).map((jwk) => [
    jwk.kid,
    createPublicKey({ key: jwk, format: 'jwk' }),
  ]),
);
const header = Buffer.from('{"alg":"HS256","typ":"JWT","kid":"v1"}').toString('base64url');

// oxlint-disable-next-line require-await -- a handler is asynchronous
export const handler: Handler = async (event) => {
  const form = new URLSearchParams(Buffer.from(event.body ?? '', 'base64').toString());
  const [head = '', payload = '', signature = ''] = (form.get('subject_token') ?? '').split('.');
  const { alg, kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, string>;
  const key = keys.get(kid);
  const good =
    key !== undefined &&
    verify(
      alg === 'EdDSA' ? null : 'sha256',
      Buffer.from(`${head}.${payload}`),
      alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key,
      Buffer.from(signature, 'base64url'),
    );
  const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const now = Math.floor(Date.now() / 1000);
  const claims = JSON.stringify({
    iss: 'streampass',
    sub,
    roles: 'red5-publisher',
    'red5-transport': form.get('transport'),
    'red5-room': form.get('room'),
    iat: now,
    exp: now + 3600,
    jti: randomUUID(),
  });
  const input = `${header}.${Buffer.from(claims).toString('base64url')}`;
  const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  process.stdout.write(`{"event":"token.issued","claims":${claims}}\n`);
  return {
    statusCode: good ? 200 : 400,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify({ access_token: token, token_type: 'N_A', expires_in: 3600 }),
  };
};
