import { StreamPassError } from './error.ts';
import type { StreamPassOptions, SubjectTokenRequest } from './options.ts';

/** The reason when the app's own `subjectToken` function threw. */
export const SUBJECT_TOKEN_UNAVAILABLE = 'subject_token_unavailable';

/**
 * The identity provider's token of this moment.
 * @throws {StreamPassError} `sign-in-again` when there is none; `try-later` when the app's function threw, with what
 * it threw as the cause (a StreamPassError of the app's own goes through as it is).
 */
export async function readSubjectToken(
  { subjectToken }: Pick<StreamPassOptions, 'subjectToken'>,
  request: SubjectTokenRequest,
): Promise<string> {
  let token: string | null | undefined;
  try {
    token = typeof subjectToken === 'string' ? subjectToken : await subjectToken(request);
  } catch (cause) {
    if (cause instanceof StreamPassError) throw cause;
    throw new StreamPassError('try-later', SUBJECT_TOKEN_UNAVAILABLE, { cause });
  }
  if (!token) throw new StreamPassError('sign-in-again', 'subject_token_missing');
  return token;
}
