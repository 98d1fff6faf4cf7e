import { generateStack } from '../../../infra/stack/stack.ts';
import type { StackContext } from '../../../infra/stack/context.ts';
import type { Resource, Template } from './template.ts';

/** The generated part of a template; what osls makes itself stands for names only. */
export function generatedTemplate(context: StackContext): Template {
  const { Resources, Outputs } = generateStack(context).resources;
  return JSON.parse(JSON.stringify({ Resources, Outputs })) as Template;
}

/** The resources of one type by logical id. */
export function generated(context: StackContext, type: string): Readonly<Record<string, Resource>> {
  return Object.fromEntries(
    Object.entries(generatedTemplate(context).Resources).filter(([, { Type }]) => Type === type),
  );
}
