/** A user of the local stack, in the words of OpenID Connect's standard claims and the claim `groups`. */
export interface LocalUser {
  readonly sub: string;
  readonly name: string;
  readonly email: string;
  readonly email_verified: boolean;
  readonly groups: readonly string[];
}

/** The users that can always sign in, each in the group of that name in the plural. They have no password. */
export const localUsers: readonly LocalUser[] = ['broadcaster', 'viewer', 'moderator'].map((sub) =>
  localUser(sub, `${sub}s`),
);

/** These users, and for each group that none of them is in, a user of the group's own name. */
export function usersFor(groups: Iterable<string>): readonly LocalUser[] {
  const further = [...new Set(groups)].filter(
    (group) => !localUsers.some((user) => user.groups.includes(group)),
  );
  return [...localUsers, ...further.map((group) => localUser(group, group))];
}

function localUser(sub: string, group: string): LocalUser {
  const email = `${sub.replace(/[^A-Za-z0-9._-]+/g, '-')}@example.com`;
  return { sub, name: `Local ${sub}`, email, email_verified: true, groups: [group] };
}
