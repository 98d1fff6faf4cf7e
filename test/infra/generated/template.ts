/** A value of a CloudFormation template: JSON, in which an object with the one key `Ref` or `Fn::…` is a function. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };
export type Properties = { readonly [key: string]: Value };

export interface Resource {
  readonly Type: string;
  readonly Properties?: Properties;
  readonly Condition?: string;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Template {
  readonly Parameters?: Readonly<Record<string, unknown>>;
  readonly Conditions?: Readonly<Record<string, Value>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, Value>>;
}

/** `{ Ref: … }` and `{ 'Fn::…': … }` as name and argument; `undefined` for a plain value. */
export function intrinsic(value: Value): { readonly name: string; readonly argument: Value } | undefined {
  if (!isObject(value)) return undefined;
  const [[name, argument] = ['', null], ...others] = Object.entries(value);
  return others.length === 0 && (name === 'Ref' || name === 'Condition' || name.startsWith('Fn::'))
    ? { name, argument }
    : undefined;
}

export function isObject(value: Value): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** A value as text: a string as it is, anything else as JSON. */
export function asText(value: Value | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The resources of one type, in the template's order. */
export function resourcesOf(template: Template, type: string): Resource[] {
  return Object.values(template.Resources).filter(({ Type }) => Type === type);
}

/** A member of an object that may not be there. */
export function field(value: unknown, key: string): unknown {
  return (value as Record<string, unknown> | undefined)?.[key];
}

/** A template that a test may change. */
export interface Mutable {
  Resources: Record<string, { Type: string; DependsOn?: string[]; Properties: Record<string, unknown> }>;
}

/** A copy of the template with one thing changed. */
export function changed(template: Template, change: (copy: Mutable) => void): Template {
  const copy = structuredClone(template) as unknown as Mutable;
  change(copy);
  return copy as unknown as Template;
}
