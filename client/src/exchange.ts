// The wire: one RFC 8693 token exchange as a request that a browser sends without a CORS preflight.
import { StreamPassError, type StreamPassErrorKind } from './error.ts';
import type { StreamPassOptions, Words } from './options.ts';

const OAUTH = 'urn:ietf:params:oauth:';

/** What a successful exchange gave: the members of RFC 8693 §2.2.1 that matter here, with the two of streampass. */
export interface ExchangeAnswer {
  readonly token: string;
  /** The same claims under the server's other live secret; only while a rotation needs it. */
  readonly fallbackToken: string | undefined;
  /** The actions granted, space-separated. */
  readonly scope: string | undefined;
  readonly expiresInSeconds: number;
  readonly refreshInSeconds: number;
}

/** The form of one exchange (RFC 8693 §2.1). What is `undefined` is left out; what is empty is sent, never widened. */
function exchangeForm(options: StreamPassOptions, subjectToken: string): URLSearchParams {
  const parameters: Record<string, Words | number | undefined> = {
    grant_type: OAUTH + 'grant-type:token-exchange',
    subject_token: subjectToken,
    subject_token_type: `${OAUTH}token-type:${options.subjectTokenType ?? 'id_token'}`,
    audience: options.audience,
    scope: options.scope,
    room: options.room,
    transport: options.transport,
    session: options.session,
    expires_in: options.expiresInSeconds,
  };
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) form.set(name, [value].flat().join(' '));
  }
  return form;
}

/**
 * Sends one exchange and judges the answer.
 * @throws {StreamPassError} whatever goes wrong, an abort by `signal` too (as `network`).
 */
export async function exchange(
  options: StreamPassOptions,
  subjectToken: string,
  signal: AbortSignal,
): Promise<ExchangeAnswer> {
  let response: Response;
  try {
    // No header of ours, and URLSearchParams as the body: a CORS-safelisted request. A redirect would carry the
    // identity token to an address that nobody configured.
    response = await (options.fetch ?? fetch)(options.endpoint, {
      method: 'POST',
      body: exchangeForm(options, subjectToken),
      credentials: 'omit',
      redirect: 'error',
      signal,
    });
  } catch (cause) {
    throw new StreamPassError('try-later', 'network', { cause });
  }
  const body: unknown = await response.json().catch(() => undefined);
  return judgeAnswer(response.status, response.headers.get('retry-after'), body);
}

/**
 * The answer of a 200, checked; the status and body of anything else as an error of the right kind.
 * @param retryAfter the header's text, where CORS lets it be read; the body's `retry_after` says the same.
 * @throws {StreamPassError} for everything but a usable 200.
 */
export function judgeAnswer(status: number, retryAfter: string | null, body: unknown): ExchangeAnswer {
  const fields = Object(body) as Record<string, unknown>;
  const text = (name: string): string | undefined => {
    const value = fields[name];
    return typeof value === 'string' && value ? value : undefined;
  };
  const token = text('access_token');
  const expiresInSeconds = seconds(fields['expires_in']);
  if (status === 200 && token && expiresInSeconds) {
    return {
      token,
      fallbackToken: text('fallback_token'),
      scope: text('scope'),
      expiresInSeconds,
      refreshInSeconds: seconds(fields['refresh_in']) ?? expiresInSeconds * 0.6,
    };
  }
  const error = text('error');
  const reason = text('reason') ?? error ?? `http_${status}`;
  throw new StreamPassError(kindOf(status, error, reason), reason, {
    description: text('error_description'),
    retryAfterSeconds: seconds(retryAfter) ?? seconds(fields['retry_after']),
  });
}

/** A positive number of seconds, as a number or its digits; a `retry-after` that is a date counts as none. */
function seconds(value: unknown): number | undefined {
  const number = Number(value);
  return number > 0 && number < Infinity ? number : undefined;
}

function kindOf(status: number, error: string | undefined, reason: string): StreamPassErrorKind {
  // A 200 without a token is not the API's: some proxy or portal answered.
  if (status > 499 || status === 429 || status === 200) return 'try-later';
  if (error === 'invalid_scope') return 'not-allowed';
  return reason.startsWith('subject_token_') ? 'sign-in-again' : 'bad-request';
}
