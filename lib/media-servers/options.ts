import type { Fleet, SubjectForm } from './target.ts';

/** What every target is told. */
export interface TargetOptions {
  /** Name or ARN of its secret in Secrets Manager. */
  readonly secret: string;
  /** The longest lifetime of a token, in seconds; each target has its own default. */
  readonly longestToken?: number;
  /** Default `public`. */
  readonly subject?: SubjectForm;
  /** Servers of its own; left out, a rotation promotes when its waits have passed. */
  readonly fleet?: Fleet | undefined;
}

/** Personal data that a target may be shown; nothing unless its configuration says so. */
export type PersonalClaim = 'name' | 'email' | 'avatar';

const STANDARD_CLAIM = { name: 'name', email: 'email', avatar: 'picture' } as const;

/**
 * The personal data that a target's configuration asks for, from the standard claims of OpenID Connect Core 1.0 §5.1; what
 * the provider did not send, or not as text, is left out.
 */
export function personalData(
  claims: Readonly<Record<string, unknown>>,
  asked: readonly PersonalClaim[],
): Partial<Record<PersonalClaim, string>> {
  const found = asked.flatMap((name) => {
    const value = claims[STANDARD_CLAIM[name]];
    return typeof value === 'string' && value !== '' ? [[name, value]] : [];
  });
  return Object.fromEntries(found) as Partial<Record<PersonalClaim, string>>;
}

/** What is wrong with an option that must be a text a config file and a claim can hold. */
export function textProblem(field: string, value: string): { field: string; problem: string }[] {
  return /^[\x21-\x7e]{1,255}$/.test(value)
    ? []
    : [{ field, problem: 'must be 1 to 255 printable ASCII characters without blanks' }];
}
