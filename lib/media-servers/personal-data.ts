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
