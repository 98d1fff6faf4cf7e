/**
 * Whether two names or ARNs may mean the same secret. Secrets Manager accepts a name, the ARN, and the ARN without the six
 * characters that it added to the name.
 */
export function isSameSecret(one: string, other: string): boolean {
  const names = namesOf(other);
  return namesOf(one).some((name) => names.includes(name));
}

function namesOf(nameOrArn: string): readonly string[] {
  const [, name] = /^arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:(.+)$/.exec(nameOrArn) ?? [];
  return name === undefined ? [nameOrArn] : [name, name.replace(/-[A-Za-z0-9]{6}$/, '')];
}
