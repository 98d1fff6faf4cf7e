import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import { asText, intrinsic, isList, isObject, type Template, type Value } from './template.ts';

const spec = loadAwsServiceSpecSync();
const specified = (type: string) => spec.lookup('resource', 'cloudFormationType', 'equals', type)[0];

type Property = NonNullable<ReturnType<typeof specified>>['properties'][string];
type PropertyType = Property['type'];

/**
 * Everything in which the template departs from CloudFormation's resource specification: unknown types, properties and
 * attributes, missing properties, values of another type or outside an enumeration, and names that stand for nothing.
 * Values that functions give are only looked up, since their type is known at deployment. One line each.
 */
export function templateProblems(template: Template): string[] {
  const problems: string[] = [];
  for (const [name, resource] of Object.entries(template.Resources)) {
    const known = specified(resource.Type);
    if (!known) {
      problems.push(`${name}: no resource type is called ${resource.Type}`);
      continue;
    }
    problems.push(
      ...objectProblems(`${name} (${resource.Type})`, resource.Properties ?? {}, known.properties),
    );
    const needed = [resource.DependsOn ?? []].flat().filter((other) => !(other in template.Resources));
    problems.push(...needed.map((other) => `${name}: depends on ${other}, which is not there`));
    // What may not be there can only be waited for by what is there with it (cfn-lint E3005).
    const absent = [resource.DependsOn ?? []].flat().flatMap((other) => {
      const condition = template.Resources[other]?.Condition;
      return condition === undefined || condition === resource.Condition ? [] : [[other, condition]];
    });
    problems.push(
      ...absent.map(
        ([other, condition]) => `${name}: depends on ${other}, which has the condition ${condition}`,
      ),
    );
    if (resource.Condition !== undefined && !(resource.Condition in (template.Conditions ?? {}))) {
      problems.push(`${name}: no condition is called ${resource.Condition}`);
    }
  }
  return [...problems, ...referenceProblems(template)];
}

function objectProblems(path: string, value: Value, known: Readonly<Record<string, Property>>): string[] {
  if (!isObject(value)) return [`${path}: is not an object`];
  const unknown = Object.keys(value).filter((key) => !(key in known));
  const missing = Object.entries(known).filter(([key, property]) => property.required && !(key in value));
  return [
    ...unknown.map((key) => `${path}: has no property ${key}`),
    ...missing.map(([key]) => `${path}: lacks ${key}`),
    ...Object.entries(value).flatMap(([key, inner]) =>
      known[key] ? valueProblems(`${path}.${key}`, inner, known[key].type) : [],
    ),
  ];
}

function valueProblems(path: string, value: Value, type: PropertyType): string[] {
  const call = intrinsic(value);
  if (call?.name === 'Fn::If' && isList(call.argument)) {
    return call.argument.slice(1).flatMap((branch) => valueProblems(path, branch, type));
  }
  if (call) return [];
  switch (type.type) {
    case 'string': {
      if (typeof value !== 'string') return [`${path}: is not a string`];
      const allowed = type.allowedValues as readonly string[] | undefined;
      return allowed && !allowed.includes(value) ? [`${path}: is none of ${allowed.join(', ')}`] : [];
    }
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${path}: is not a boolean`];
    case 'number':
    case 'integer':
      // CloudFormation takes numbers in strings as well.
      return /^-?[0-9]+(\.[0-9]+)?$/.test(asText(value)) ? [] : [`${path}: is not a number`];
    case 'array':
      return isList(value)
        ? value.flatMap((item, at) => valueProblems(`${path}[${at}]`, item, type.element))
        : [`${path}: is not a list`];
    case 'map':
      return isObject(value)
        ? Object.entries(value).flatMap(([key, item]) => valueProblems(`${path}.${key}`, item, type.element))
        : [`${path}: is not a map`];
    case 'ref':
      return objectProblems(path, value, spec.get('typeDefinition', type.reference.$ref).properties);
    case 'union': {
      const all = type.types.map((option) => valueProblems(path, value, option));
      return all.find((found) => found.length === 0) ?? all[0] ?? [];
    }
    default:
      return [];
  }
}

/** Names in Ref, GetAtt, Sub, If and Condition that no resource, parameter or condition has. */
function referenceProblems(template: Template): string[] {
  const problems: string[] = [];
  const names = { ...template.Resources, ...template.Parameters };
  const checkName = (path: string, name: string) => {
    if (!name.startsWith('AWS::') && !(name in names)) problems.push(`${path}: ${name} stands for nothing`);
  };
  const checkAttribute = (path: string, name: string, attribute: string) => {
    checkName(path, name);
    const type = template.Resources[name]?.Type;
    const known = type === undefined ? undefined : specified(type);
    if (known && !(attribute in known.attributes))
      problems.push(`${path}: ${type} has no attribute ${attribute}`);
  };
  const checkCondition = (path: string, name: Value) => {
    if (!(asText(name) in (template.Conditions ?? {})))
      problems.push(`${path}: no condition is called ${asText(name)}`);
  };
  const walk = (path: string, value: Value): void => {
    const call = intrinsic(value);
    if (call?.name === 'Ref') checkName(path, asText(call.argument));
    if (call?.name === 'Condition') checkCondition(path, call.argument);
    if (call?.name === 'Fn::GetAtt') {
      const [name = '', attribute = ''] = isList(call.argument)
        ? call.argument.map(asText)
        : asText(call.argument).split(/\.(.*)/);
      checkAttribute(path, name, attribute);
    }
    if (call?.name === 'Fn::If' && isList(call.argument)) checkCondition(path, call.argument[0] ?? '');
    if (call?.name === 'Fn::Sub') {
      const [text, given = {}] = isList(call.argument) ? call.argument : [call.argument];
      for (const [, name = '', attribute] of asText(text).matchAll(
        /\$\{([A-Za-z0-9:]+)(?:\.([A-Za-z.]+))?\}/g,
      )) {
        if (isObject(given) && name in given) continue;
        if (attribute === undefined) checkName(path, name);
        else checkAttribute(path, name, attribute);
      }
    }
    if (isList(value)) value.forEach((item, at) => walk(`${path}[${at}]`, item));
    else if (isObject(value)) for (const [key, item] of Object.entries(value)) walk(`${path}.${key}`, item);
  };
  for (const [name, resource] of Object.entries(template.Resources)) walk(name, resource.Properties ?? {});
  for (const [name, output] of Object.entries(template.Outputs ?? {})) walk(`Outputs.${name}`, output);
  for (const [name, condition] of Object.entries(template.Conditions ?? {}))
    walk(`Conditions.${name}`, condition);
  return problems;
}
