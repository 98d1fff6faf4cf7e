/** The forms of a CloudFormation template that the stack is made of. */

/** A value of a template; an object with the one key `Ref` or `Fn::…` is a function. Members that are `undefined` are left out. */
export type Value =
  string | number | boolean | readonly Value[] | { readonly [key: string]: Value | undefined };

/** A resource of a template. */
export interface Resource {
  readonly Type: string;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: 'Delete' | 'Retain' | 'RetainExceptOnCreate';
  readonly UpdateReplacePolicy?: 'Retain';
  readonly Properties: { readonly [key: string]: Value | undefined };
}

/** Resources by logical id. */
export type Resources = Readonly<Record<string, Resource>>;

/** A statement of an IAM policy. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: Value;
  readonly Condition?: Value;
}

/** A reference to a resource: its name, ARN or URL, depending on its type. */
export function ref(name: string): Value {
  return { Ref: name };
}

/** An attribute of a resource. */
export function attribute(name: string, of: string): Value {
  return { 'Fn::GetAtt': [name, of] };
}

/** A string in which `${NAME}` stands for a resource or a pseudo parameter such as `AWS::Region`. */
export function sub(text: string): Value {
  return { 'Fn::Sub': text };
}

/** The ARN of something in the stack's own account and region. */
export function arn(service: string, rest: string): Value {
  return sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${rest}`);
}

/** A policy document with these statements. */
export function policy(statements: readonly Statement[]): Value {
  return { Version: '2012-10-17', Statement: statements as unknown as readonly Value[] };
}

/** `red5` as `Red5`: the beginning of a logical id. */
export function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
