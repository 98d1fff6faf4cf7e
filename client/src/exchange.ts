// The wire: one RFC 8693 token exchange as a request that a browser sends without a CORS preflight.
import { StreamPassError } from './error.ts';
import { fieldsOf } from './fields.ts';
import type { StreamPassOptions, Words } from './options.ts';
import { kindOf } from './reasons.ts';

/** One target's token: the members of RFC 8693 §2.2.1 that matter here, with the two of streampass. */
export interface IssuedToken {
  readonly token: string;
  /** The same claims under the server's other live secret; only while a rotation needs it. */
  readonly fallbackToken: string | undefined;
  /** The actions granted, space-separated. */
  readonly scope: string | undefined;
  readonly expiresInSeconds: number;
  readonly refreshInSeconds: number;
}

/** What a successful exchange gave: the first target's token, and that of each target by its name. */
export interface ExchangeAnswer extends IssuedToken {
  readonly tokens: Readonly<Record<string, IssuedToken>>;
}

/**
 * The token of this target · default the first.
 * @throws {StreamPassError} `audience_not_requested` if it was not asked for.
 */
export function tokenFor(answer: ExchangeAnswer, audience: string | undefined): IssuedToken {
  const token = audience === undefined ? answer : answer.tokens[audience];
  if (!token) throw new StreamPassError('bad-request', 'audience_not_requested');
  return token;
}

/** The names of the targets that are asked for. */
export function audiencesOf({ audience }: Pick<StreamPassOptions, 'audience'>): readonly string[] {
  return [audience].flat();
}

/** The form of one exchange (RFC 8693 §2.1). What is `undefined` is left out; what is empty is sent, never widened. */
function exchangeForm(options: StreamPassOptions, subjectToken: string): URLSearchParams {
  const form = new URLSearchParams();
  for (const audience of audiencesOf(options)) form.append('audience', audience);
  const parameters: Readonly<Record<string, Words | number | undefined>> = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: subjectToken,
    subject_token_type: `urn:ietf:params:oauth:token-type:${options.subjectTokenType ?? 'id_token'}`,
    scope: options.scope,
    room: options.room,
    transport: options.transport,
    session: options.session,
    expires_in: options.expiresInSeconds,
  };
  // React Native has `append`, and no `set`.
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) form.append(name, [value].flat().join(' '));
  }
  return form;
}

/**
 * Sends one exchange and checks the answer.
 * @throws {StreamPassError} whatever goes wrong, an abort by `signal` too (as `network`).
 */
export async function exchange(
  options: StreamPassOptions,
  subjectToken: string,
  signal: AbortSignal,
): Promise<ExchangeAnswer> {
  const { endpoint, fetch: send = fetch } = options;
  const credentials = 'omit';
  for (let isKeptFromPage: boolean | undefined; ; isKeptFromPage = true) {
    let response: Response;
    try {
      // No header of ours, and a form as the body: a CORS-safelisted request. A redirect would carry the identity token
      // to an address that nobody configured.
      const body = exchangeForm(options, subjectToken);
      response = await send(endpoint, { method: 'POST', body, credentials, redirect: 'error', signal });
    } catch (cause) {
      // An answer that no page may read (`opaque`) says that the API is there: then, if it is not a hiccup, CORS is why.
      const probe = await send(endpoint, { mode: 'no-cors', credentials, signal }).catch(fieldsOf);
      if (probe.type !== 'opaque') throw new StreamPassError('try-later', 'network', { cause });
      if (!isKeptFromPage) continue;
      const { location } = globalThis as { readonly location?: { readonly origin: string } };
      const description = `the API probably does not allow the origin ${location?.origin}, or redirects`;
      throw new StreamPassError('bad-request', 'cors', { description, cause });
    }
    const body: unknown = await response.json().catch(() => 0);
    return judgeAnswer(response.status, response.headers.get('retry-after'), body, audiencesOf(options));
  }
}

/**
 * The answer of a 200, checked; the status and body of anything else as an error of the right kind.
 * @param retryAfter the header's text, where CORS lets it be read; the body's `retry_after` says the same.
 * @throws {StreamPassError} for everything but a usable 200.
 */
export function judgeAnswer(
  status: number,
  retryAfter: string | null,
  body: unknown,
  audiences: readonly string[] = [''],
): ExchangeAnswer {
  const fields = fieldsOf(body);
  const [first = '', second] = audiences;
  const tokens: Record<string, IssuedToken> = {};
  for (const name of audiences) {
    const token = status === 200 && issuedToken(second ? fieldsOf(fields['tokens'])[name] : fields);
    if (token) tokens[name] = token;
  }
  if (audiences.every((name) => tokens[name])) return { ...(tokens[first] as IssuedToken), tokens };
  const error = text(fields['error']);
  const reason = text(fields['reason']) ?? error ?? `http_${status}`;
  const retryAfterSeconds = seconds(retryAfter) ?? seconds(fields['retry_after']);
  throw new StreamPassError(kindOf(status, error, reason, !!retryAfterSeconds), reason, {
    description: text(fields['error_description']),
    retryAfterSeconds,
  });
}

function issuedToken(answer: unknown): IssuedToken | undefined {
  const fields = fieldsOf(answer);
  const token = text(fields['access_token']);
  const expiresInSeconds = seconds(fields['expires_in']);
  return token && expiresInSeconds
    ? {
        token,
        fallbackToken: text(fields['fallback_token']),
        scope: text(fields['scope']),
        expiresInSeconds,
        refreshInSeconds: seconds(fields['refresh_in']) ?? expiresInSeconds * 0.6,
      }
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value ? value : undefined;
}

/** A positive number of seconds, as a number or its digits; a `retry-after` that is a date counts as none. */
function seconds(value: unknown): number | undefined {
  const number = Number(value);
  return number > 0 && number < Infinity ? number : undefined;
}
