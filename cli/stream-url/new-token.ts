import { StreamPassError } from '../../client/src/error.ts';
import { judgeAnswer, type IssuedToken } from '../../client/src/exchange.ts';
import { isLoopback } from '../../lib/oauth/loopback.ts';
import { TOKEN_EXCHANGE_GRANT, TOKEN_TYPE_STREAM_KEY } from '../../lib/oauth/token-exchange.ts';
import { WrongCall } from '../command-line.ts';
import type { Publishing } from './settings.ts';

/** A sign-in, or the key that stands for one. */
export interface Subject {
  readonly kind: 'stream key' | 'ID token';
  readonly token: string;
}

/** The parameters of the token. */
export interface TokenOptions {
  /** The address of `POST /token`. */
  readonly endpoint: string;
  readonly target: string;
  readonly room: string;
  readonly stream?: string | undefined;
  readonly transport: Publishing;
  /** Default: as long as the rules allow. */
  readonly expiresInSeconds?: number | undefined;
}

/**
 * Exchanges a sign-in for a token to publish with.
 *
 * @throws {StreamPassError} whatever the endpoint refuses; `try-later` if it cannot be reached
 */
export async function newToken(
  subject: Subject,
  options: TokenOptions,
  stop: AbortSignal,
): Promise<IssuedToken> {
  const isKey = subject.kind === 'stream key';
  const body = new URLSearchParams({
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token: subject.token,
    subject_token_type: isKey ? TOKEN_TYPE_STREAM_KEY : 'urn:ietf:params:oauth:token-type:id_token',
    audience: options.target,
    scope: 'publish',
    room: options.room,
    transport: options.transport,
    ...(isKey && options.stream !== undefined && { stream: options.stream }),
    ...(options.expiresInSeconds !== undefined && { expires_in: String(options.expiresInSeconds) }),
  });
  const signal = AbortSignal.any([stop, AbortSignal.timeout(10_000)]);
  let response: Response;
  try {
    // A redirect would send the key to an address that the user did not name.
    response = await fetch(options.endpoint, { method: 'POST', body, redirect: 'error', signal });
  } catch (cause) {
    const description = `${options.endpoint} does not answer`;
    throw new StreamPassError('try-later', 'network', { description, cause });
  }
  const answer: unknown = await response.json().catch(() => undefined);
  return judgeAnswer(response.status, response.headers.get('retry-after'), answer);
}

/**
 * The address of `POST /token`, checked: a key is sent over HTTPS, or to this machine.
 *
 * @throws {WrongCall} if it is not an address of that form
 */
export function tokenEndpoint(text: string): string {
  const url = URL.parse(text);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (!url || !isSafe || url.username || url.password) {
    throw new WrongCall('--endpoint must be an address such as https://api.example.com/token');
  }
  return url.href;
}
