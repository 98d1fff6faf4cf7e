/** A person of the local stack, in the words of OpenID Connect's standard claims and the claim `groups`. */
export interface LocalUser {
  readonly sub: string;
  readonly name: string;
  readonly email: string;
  readonly email_verified: boolean;
  readonly groups: readonly string[];
}

/** The users that can sign in, each in the group of that name in the plural. They have no password. */
export const localUsers: readonly LocalUser[] = ['broadcaster', 'viewer', 'moderator'].map((sub) => ({
  sub,
  name: `Local ${sub}`,
  email: `${sub}@example.com`,
  email_verified: true,
  groups: [`${sub}s`],
}));

/** The user of that name, or undefined. */
export function findLocalUser(sub: unknown): LocalUser | undefined {
  return localUsers.find((user) => user.sub === sub);
}
