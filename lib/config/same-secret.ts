/**
 * Whether two names or ARNs may be those of one secret in Secrets Manager, which takes a name, the ARN, and the ARN without
 * the six characters that it added to the name.
 */
export function isSameSecret(one: string, other: string): boolean {
  const names = namesOf(other);
  return namesOf(one).some((name) => names.includes(name));
}

function namesOf(nameOrArn: string): readonly string[] {
  const [, name] = /^arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:(.+)$/.exec(nameOrArn) ?? [];
  return name === undefined ? [nameOrArn] : [name, name.replace(/-[A-Za-z0-9]{6}$/, '')];
}
