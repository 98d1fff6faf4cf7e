import {
  asText,
  intrinsic,
  isList,
  isObject,
  type Properties,
  type Template,
  type Value,
} from './template.ts';

/**
 * Every permission that the template gives, one line each, sorted: `HOLDER may ACTION on RESOURCE` with ` if CONDITION`
 * for a statement's own condition and ` (option NAME)` for one that only an option of the stack brings. A statement in a form
 * that could hide a permission (`NotAction`, a policy from elsewhere) becomes a line of its own that no list would hold.
 */
export function permissions(template: Template): string[] {
  return Object.entries(template.Resources)
    .flatMap(([name, { Type, Properties: properties = {} }]) => {
      switch (Type) {
        case 'AWS::IAM::Role':
          return [
            ...foreign(name, properties, ['ManagedPolicyArns', 'PermissionsBoundary']),
            ...statements(properties['AssumeRolePolicyDocument']).flatMap((one) => trust(name, one)),
            ...list(properties['Policies']).flatMap((policy) =>
              statements(field(policy, 'PolicyDocument')).flatMap((one) => granted(name, one)),
            ),
          ];
        case 'AWS::IAM::ManagedPolicy':
          return [
            ...foreign(name, properties, ['Roles', 'Users', 'Groups']),
            ...statements(properties['PolicyDocument']).flatMap((one) => granted(name, one)),
          ];
        case 'AWS::Lambda::Permission':
          return [
            `${text(properties['Principal'])} may ${text(properties['Action'])} on ${text(properties['FunctionName'])} if SourceArn ${text(properties['SourceArn'])}`,
          ];
        case 'AWS::SNS::TopicPolicy':
        case 'AWS::S3::BucketPolicy':
          return statements(properties['PolicyDocument']).flatMap(({ body }) => {
            const { Principal, ...rest } = isObject(body) ? body : {};
            return granted(text(Principal), { body: rest });
          });
        case 'AWS::IAM::Policy':
        case 'AWS::IAM::User':
        case 'AWS::IAM::Group':
        case 'AWS::IAM::UserPolicy':
        case 'AWS::IAM::RolePolicy':
        case 'AWS::SecretsManager::ResourcePolicy':
        case 'AWS::SQS::QueuePolicy':
          return [`${name}: a ${Type} is not looked into`];
        default:
          return [];
      }
    })
    .toSorted();
}

interface Statement {
  readonly body: Value;
  readonly option?: string;
}

function statements(document: Value | undefined): Statement[] {
  return list(field(document, 'Statement')).flatMap((body): Statement[] => {
    const call = intrinsic(body);
    if (call?.name !== 'Fn::If' || !isList(call.argument)) return [{ body }];
    const [condition, whenTrue = null, whenFalse = null] = call.argument;
    return [
      { body: whenTrue, option: asText(condition) },
      { body: whenFalse, option: `not ${asText(condition)}` },
    ].filter((one) => intrinsic(one.body)?.argument !== 'AWS::NoValue');
  });
}

function granted(holder: string, { body, option }: Statement): string[] {
  const strange = isObject(body)
    ? Object.keys(body).filter((key) => !['Sid', 'Effect', 'Action', 'Resource', 'Condition'].includes(key))
    : ['a statement that is not an object'];
  const verb = field(body, 'Effect') === 'Deny' ? 'must not' : 'may';
  const condition = field(body, 'Condition');
  const ending = `${condition === undefined ? '' : ` if ${text(condition)}`}${option === undefined ? '' : ` (option ${option})`}`;
  return [
    ...strange.map((key) => `${holder}: ${key} in a statement`),
    ...list(field(body, 'Action')).flatMap((action) =>
      list(field(body, 'Resource')).map(
        (resource) => `${holder} ${verb} ${text(action)} on ${text(resource)}${ending}`,
      ),
    ),
  ];
}

function trust(name: string, { body }: Statement): string[] {
  const { Effect, Action, Principal, Condition, ...strange } = isObject(body) ? body : {};
  const others = Object.keys(strange).filter((key) => key !== 'Sid');
  if (Effect !== 'Allow' || Action !== 'sts:AssumeRole' || others.length > 0) {
    return [`${name}: is trusted by ${text(body)}`];
  }
  return list(field(Principal, 'Service') ?? Principal).map(
    (who) => `${text(who)} may be ${name}${Condition === undefined ? '' : ` if ${text(Condition)}`}`,
  );
}

function foreign(name: string, properties: Properties, keys: readonly string[]): string[] {
  return keys.filter((key) => key in properties).map((key) => `${name}: has ${key}`);
}

/** A value in one line: names of resources and pseudo parameters in braces, objects as JSON. */
function text(value: Value | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return value;
  const call = intrinsic(value);
  if (call?.name === 'Ref') return `{${asText(call.argument)}}`;
  if (call?.name === 'Fn::GetAtt' && isList(call.argument)) return `{${call.argument.map(asText).join('.')}}`;
  if (call?.name === 'Fn::Sub' && typeof call.argument === 'string')
    return call.argument.replaceAll('${', '{');
  if (call?.name === 'Fn::Join' && isList(call.argument)) {
    const [separator, parts = []] = call.argument;
    return list(parts).map(text).join(asText(separator));
  }
  if (isList(value)) return `[${value.map(text).join(', ')}]`;
  if (isObject(value))
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${key}: ${text(inner)}`)
      .join(', ')} }`;
  return asText(value);
}

function list(value: Value | undefined): readonly Value[] {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
}

function field(value: Value | undefined, key: string): Value | undefined {
  return value !== undefined && isObject(value) ? value[key] : undefined;
}
