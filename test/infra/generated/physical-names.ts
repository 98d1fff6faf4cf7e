import { intrinsic, isList, isObject, type Template, type Value } from './template.ts';

/** Properties that name a resource, for the types that have one. */
const NAMES = new Set([
  'AlarmName',
  'DashboardName',
  'DomainName',
  'FunctionName',
  'LogGroupName',
  'ManagedPolicyName',
  'Name',
  'RoleName',
  'RuleName',
  'TableName',
  'TopicName',
  'QueueName',
  'BucketName',
]);

/** Types whose names are unique in an account, or in the world, whatever the region. */
const ACCOUNT_GLOBAL = /^AWS::(IAM::|CloudWatch::Dashboard$|S3::Bucket$|Route53|CloudFront)/;

/** The names that a template gives to resources and exports, in a region. */
export function physicalNames(template: Template, region: string): string[] {
  return names(template, region, () => true);
}

/** Those of resources whose names are unique in an account. */
export function accountGlobalNames(template: Template, region: string): string[] {
  return names(template, region, (type) => ACCOUNT_GLOBAL.test(type));
}

/** What streampass names itself, of whatever kind and wherever it stands; what runs on servers belongs to no stack. */
export function ownNames(value: unknown): string[] {
  const names = JSON.stringify(value).match(/(?<!\w)(?<!\/bin\/)streampass[-/][\w./*?${}:-]+/g) ?? [];
  return [...names];
}

function names({ Resources, Outputs = {} }: Template, region: string, which: (type: string) => boolean) {
  const named = Object.values(Resources)
    .filter(({ Type }) => which(Type) && !Type.endsWith('::MetricFilter'))
    .flatMap(({ Properties = {} }) => Object.entries(Properties))
    .filter(([property]) => NAMES.has(property))
    .map(([, value]) => value);
  const exported = which('export')
    ? Object.values(Outputs).flatMap((output) =>
        isObject(output) && output['Export'] !== undefined && isObject(output['Export'])
          ? [output['Export']['Name'] ?? '']
          : [],
      )
    : [];
  return [...named, ...exported].flatMap((value) => textOf(value, region) ?? []);
}

/** A name in this region; `undefined` for one that refers to another resource. */
function textOf(value: Value, region: string): string | undefined {
  if (typeof value === 'string') return value;
  const call = intrinsic(value);
  if (call?.name === 'Ref') return call.argument === 'AWS::Region' ? region : undefined;
  if (call?.name === 'Fn::Sub' && typeof call.argument === 'string') {
    return call.argument.replaceAll('${AWS::Region}', region);
  }
  if (call?.name === 'Fn::Join' && isList(call.argument)) {
    const [separator = '', parts = []] = call.argument;
    const texts = isList(parts) ? parts.map((part) => textOf(part, region)) : [];
    return texts.every((text) => text !== undefined) ? texts.join(String(separator)) : undefined;
  }
  return undefined;
}
