/** Anything that stands in a template. */
type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };

/** A whole template, with what osls adds. */
export interface WholeTemplate {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: Json }>>;
  readonly Outputs?: Readonly<Record<string, Json>>;
}

/** How much of something AWS takes. */
interface Limit {
  readonly what: string;
  readonly most: number;
  readonly measure: (properties: Json) => number;
}

/**
 * Of resources, by type. White space in policies does not count.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
 */
const LIMITS: Readonly<Record<string, Limit>> = {
  'AWS::IAM::Role': {
    what: 'characters of policies',
    most: 10_240,
    measure: (role) =>
      itemsOf(member(role, 'Policies'))
        .map((policy) => characters(member(policy, 'PolicyDocument')))
        .reduce((sum, size) => sum + size, 0),
  },
  'AWS::IAM::ManagedPolicy': {
    what: 'characters',
    most: 6144,
    measure: (policy) => characters(member(policy, 'PolicyDocument')),
  },
  'AWS::Lambda::Function': {
    what: 'bytes of environment variables',
    most: 4096,
    measure: (lambda) => bytes(member(member(lambda, 'Environment'), 'Variables')),
  },
  'AWS::CloudWatch::Alarm': {
    what: 'metrics',
    most: 10,
    measure: (alarm) => itemsOf(member(alarm, 'Metrics')).length,
  },
};

/**
 * Why AWS would refuse a template because it is too large, one line each; none if it would not.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
 */
export function limitProblems(template: WholeTemplate, region: string): readonly string[] {
  const { Resources, Outputs = {} } = template;
  const sizes = [
    ['the stack', 'resources', Object.keys(Resources).length, 500],
    ['the stack', 'outputs', Object.keys(Outputs).length, 200],
    ['the stack', 'bytes of template', bytes({ ...template }), 1_000_000],
    ...Object.entries(Resources).flatMap(([name, { Type, Properties }]) => {
      const limit = LIMITS[Type];
      if (limit === undefined) return [];
      return [
        [name, limit.what, limit.measure(deployed(Properties, Resources, region)), limit.most] as const,
      ];
    }),
  ] as const;
  return sizes.flatMap(([name, what, size, most]) =>
    size > most
      ? [`${name} has ${size} ${what}, and AWS takes ${most}: divide what is configured among several stages`]
      : [],
  );
}

/** A value in the form in which AWS gets it, with stand-ins of the same length for what only a deployment knows. */
function deployed(value: Json, resources: WholeTemplate['Resources'], region: string): Json {
  if (isList(value)) return value.map((one) => deployed(one, resources, region));
  if (!isObject(value)) return value;
  const [[key, argument] = ['', null], ...more] = Object.entries(value);
  const [first = null, second] = itemsOf(argument);
  if (more.length === 0 && (key === 'Ref' || key === 'Fn::GetAtt')) {
    return standIn(String(first), resources, region);
  }
  if (more.length === 0 && key === 'Fn::Sub') {
    return String(first).replaceAll(/\$\{([\w:]+)[^}]*\}/g, (_, name: string) =>
      standIn(name, resources, region),
    );
  }
  if (more.length === 0 && key === 'Fn::Join') {
    return itemsOf(second)
      .map((one) => deployed(one, resources, region))
      .join(String(first));
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, deployed(one, resources, region)]),
  );
}

function standIn(name: string, resources: WholeTemplate['Resources'], region: string): string {
  const partition = /^(?:cn|us-gov)(?=-)/.exec(region);
  const aws = partition === null ? 'aws' : `aws-${partition[0]}`;
  const account = '111122223333';
  if (name === 'AWS::Partition') return aws;
  if (name === 'AWS::Region') return region;
  if (name === 'AWS::AccountId') return account;
  // No ARN in a policy is longer than a secret's, and a name that CloudFormation makes is shorter than these 80 characters.
  const own = member(resources[name]?.Properties, 'Name') ?? 'x'.repeat(80);
  return `arn:${aws}:secretsmanager:${region}:${account}:secret:${String(own)}-AbCdEf`;
}

function member(value: Json, name: string): Json {
  return isObject(value) ? value[name] : undefined;
}

/** The items of a list. A single value counts as a list of one, and `undefined` as an empty list. */
function itemsOf(value: Json): readonly Json[] {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !isList(value);
}

function characters(value: Json): number {
  return JSON.stringify(value ?? {}).replaceAll(/\s/g, '').length;
}

function bytes(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value ?? {}));
}
