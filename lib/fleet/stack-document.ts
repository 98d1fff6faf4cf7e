/** The name of the Systems Manager document that a stack makes for its servers. */
export function stackDocument(stage: string): string {
  return `streampass-${stage}-secret`;
}
