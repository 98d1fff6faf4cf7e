import type { ExchangeAnswer, StreamPassError } from 'streampass-client';
import { claimLines, kidOfToken } from './claims.ts';
import { button, byId, element, quote, setChildren, setText, showNotice } from './dom.ts';
import { duration } from './words.ts';

/** Where the exchange is shown: what was sent, what came back, how long it lasts. */
export interface TokenPanel {
  /** Stands in for `fetch`: sends the exchange and shows both sides of it. */
  readonly fetch: typeof fetch;
  readonly showToken: (answer: ExchangeAnswer, session: string) => void;
  readonly showFailure: (error: StreamPassError) => void;
  readonly showExpired: () => void;
  readonly clear: () => void;
  /** Once a second: moves the countdown on. */
  readonly tick: () => void;
}

/** What a kind of failure means to the person at the page. */
const headlines: Readonly<Record<StreamPassError['kind'], string>> = {
  'sign-in-again': 'Your sign-in is over',
  'not-allowed': 'You may not do this',
  'bad-request': 'The API does not understand this request',
  'try-later': 'The API does not answer now; it is asked again by itself',
  unavailable: 'The media server does not answer',
  refused: 'The media server accepted no token',
  closed: 'Closed',
};

/** @param isSignInOver whether a new sign-in is what helps, whatever the last exchange said */
export function createTokenPanel(signInAgain: () => void, isSignInOver: () => boolean): TokenPanel {
  const notice = byId('token-notice');
  let held: { answer: ExchangeAnswer; since: number } | undefined;
  let hasEnded = false;
  /** The last answer of the API, for its own words. */
  let lastWords: string | undefined;
  let failure: StreamPassError | undefined;

  /** A failed exchange may be told before or after the token's end: the notice is the same in both orders. */
  const tell = (): void => {
    const action =
      failure?.kind === 'sign-in-again' || (hasEnded && isSignInOver())
        ? [button('Sign in again', signInAgain)]
        : [];
    if (hasEnded) {
      const headline = 'The token has ended before a new one came';
      showNotice(notice, 'warn', headline, 'What is connected stays so.', ...action);
    } else if (failure !== undefined) {
      const { kind, message } = failure;
      const tone = kind === 'try-later' || kind === 'sign-in-again' ? 'warn' : 'bad';
      showNotice(notice, tone, headlines[kind], quote(lastWords ?? message), ...action);
    }
    showHeld();
  };

  const showHeld = (): void => {
    byId('token-held').hidden = held === undefined;
    byId('token-none').hidden = held !== undefined || byId('wire').hidden === false;
  };

  const tick = (): void => {
    if (held === undefined) return;
    const { answer, since } = held;
    const age = (performance.now() - since) / 1000;
    const { expiresInSeconds, refreshInSeconds } = answer;
    setText(byId('renewal'), age < refreshInSeconds ? duration(refreshInSeconds - age) : 'due');
    setText(byId('expiry'), age < expiresInSeconds ? duration(expiresInSeconds - age) : 'over');
    byId('life-used').style.width = `${Math.min(100, (100 * age) / expiresInSeconds)}%`;
    byId('life-renewal').style.left = `${(100 * refreshInSeconds) / expiresInSeconds}%`;
  };

  return {
    tick,

    async fetch(input, init) {
      byId('wire').hidden = false;
      setText(byId('request'), describeRequest(String(input), init?.body as URLSearchParams));
      lastWords = undefined;
      const response = await fetch(input, init).catch((error: unknown) => {
        setText(byId('answer'), 'no answer');
        throw error;
      });
      const text = await response.clone().text();
      const { shown, words } = describeAnswer(text);
      setText(byId('answer'), `${response.status} ${response.statusText}\n${shown}`);
      lastWords = words;
      return response;
    },

    showToken(answer, session) {
      held = { answer, since: performance.now() };
      hasEnded = false;
      failure = undefined;
      notice.replaceChildren();
      setText(byId('granted'), answer.scope ?? '');
      setText(byId('targets'), Object.keys(answer.tokens).join(', '));
      setText(byId('session'), session);
      setText(
        byId('fallback'),
        answer.fallbackToken === undefined ? 'none needed' : kidOfToken(answer.fallbackToken),
      );
      const rows = claimLines(answer.token).map(({ name, value, means }) => {
        const head = element('th', '', name);
        head.scope = 'row';
        return element(
          'tr',
          '',
          head,
          element('td', '', element('code', '', value)),
          element('td', '', means),
        );
      });
      setChildren(byId('claims'), rows);
      showHeld();
      tick();
    },

    showFailure(error) {
      failure = error;
      tell();
    },

    showExpired() {
      held = undefined;
      hasEnded = true;
      tell();
    },

    clear() {
      held = undefined;
      hasEnded = false;
      failure = undefined;
      notice.replaceChildren();
      byId('wire').hidden = true;
      showHeld();
    },
  };
}

/** The form a line each; of the sign-in only its beginning. */
function describeRequest(url: string, form: URLSearchParams): string {
  const lines = [...form].map(
    ([name, value]) => `${name}=${name === 'subject_token' ? shorten(value) : value}`,
  );
  return [`POST ${url}`, 'content-type: application/x-www-form-urlencoded', '', ...lines].join('\n');
}

/** The body for show, and the words of a refusal: its reason and description. */
function describeAnswer(text: string): { shown: string; words: string | undefined } {
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    const shortened = (name: string, value: unknown): unknown =>
      name.endsWith('_token') ? shorten(String(value)) : value;
    const shown = Object.entries(body).map(([name, value]) =>
      name.endsWith('_token')
        ? `  ${name}: ${shorten(String(value))}`
        : `  ${name}: ${JSON.stringify(value, shortened)}`,
    );
    const { reason, error, error_description: description } = body;
    const words = error === undefined ? undefined : [reason ?? error, description].filter(Boolean).join(': ');
    return { shown: `{\n${shown.join('\n')}\n}`, words };
  } catch {
    return { shown: text, words: undefined };
  }
}

function shorten(token: string): string {
  return token.length > 40 ? `${token.slice(0, 24)}…${token.slice(-6)}` : token;
}
