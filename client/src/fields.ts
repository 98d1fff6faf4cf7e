/** The members of anything, to be checked one by one: nothing that another program sent is taken for what it says. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return Object(value) as Record<string, unknown>;
}
