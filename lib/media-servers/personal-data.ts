/** Personal data that a target may get. It gets none unless its configuration says so. */
export type PersonalClaim = 'name' | 'email' | 'avatar';

/** The claims that hold each, in the order in which they are tried. Several claims are joined by a space. */
const SOURCES: Readonly<Record<PersonalClaim, readonly (readonly string[])[]>> = {
  name: [['name'], ['preferred_username'], ['given_name', 'family_name']],
  email: [['email']],
  avatar: [['picture']],
};

/**
 * The personal data that a target's configuration asks for, from the standard claims of OpenID Connect Core 1.0 §5.1; a claim
 * that the provider did not send, or that is not a string, is left out.
 */
export function personalData(
  claims: Readonly<Record<string, unknown>>,
  asked: readonly PersonalClaim[],
): Partial<Record<PersonalClaim, string>> {
  const found = asked.flatMap((name) => {
    const value = SOURCES[name].map((parts) => textOf(claims, parts)).find((text) => text !== '');
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(found) as Partial<Record<PersonalClaim, string>>;
}

function textOf(claims: Readonly<Record<string, unknown>>, names: readonly string[]): string {
  const parts = names.map((name) => (Object.hasOwn(claims, name) ? claims[name] : undefined));
  return parts.filter((part) => typeof part === 'string' && part !== '').join(' ');
}
