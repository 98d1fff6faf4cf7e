import { createHmac } from 'node:crypto';

export const secret = 'a-secret-of-more-than-thirty-two-bytes-xx';
export const now = 1_800_000_000;

/** A compact token signed by Node's own crypto; `header` and `payload` may be text, to be taken as they stand. */
export function sign(
  payload: unknown,
  {
    header = { alg: 'HS256', typ: 'JWT' },
    key = secret,
    digest = 'sha256',
  }: { header?: unknown; key?: string; digest?: string } = {},
): string {
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${createHmac(digest, key).update(input).digest('base64url')}`;
}

function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}
