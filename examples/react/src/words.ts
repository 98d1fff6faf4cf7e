import { StreamPassError } from 'streampass-client';

/** What the user is told, and whether a new sign-in helps. */
export function explain(error: unknown): { readonly text: string; readonly signInHelps: boolean } {
  if (!(error instanceof StreamPassError)) return { text: String(error), signInHelps: false };
  const texts = {
    'sign-in-again': 'Your sign-in has ended.',
    'not-allowed': 'You may not watch this.',
    'bad-request': `This app is not set up correctly (${error.reason}).`,
    'try-later': 'One moment, trying again …',
    refused: 'The media server refused. Trying again …',
    unavailable: 'The stream is not available. Trying again …',
    closed: '',
  };
  return { text: texts[error.kind], signInHelps: error.kind === 'sign-in-again' };
}
