import type {
  APIGatewayAuthorizerWithContextResult,
  APIGatewaySimpleAuthorizerWithContextResult,
} from 'aws-lambda';

/**
 * What API Gateway asks a Lambda authorizer: an HTTP API in payload format 2.0, or a REST API (or an HTTP API in format 1.0)
 * about one token or about a request.
 *
 * @see Amazon API Gateway Developer Guide, "Control access to HTTP APIs with AWS Lambda authorizers" and "Input to an API
 *   Gateway Lambda authorizer"
 */
export interface AuthorizerEvent {
  readonly version?: string;
  readonly type?: string;
  /** REST APIs, and format 1.0. */
  readonly methodArn?: string;
  /** REST APIs, type TOKEN. */
  readonly authorizationToken?: string;
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly requestContext?: {
    readonly requestId?: string;
    readonly http?: { readonly sourceIp?: string };
    readonly identity?: { readonly sourceIp?: string };
  };
}

/** The client's IP address: in payload format 2.0, or in format 1.0 and from a REST API. */
export function sourceIpOf({ requestContext }: AuthorizerEvent): string | undefined {
  return requestContext?.http?.sourceIp ?? requestContext?.identity?.sourceIp;
}

/** The answer to an HTTP API that has simple responses enabled. */
export type SimpleResponse = Readonly<APIGatewaySimpleAuthorizerWithContextResult<AuthorizerContext>>;

/** The answer to a REST API. */
export type PolicyResponse = Readonly<APIGatewayAuthorizerWithContextResult<AuthorizerContext>>;

/** What the API's own code receives. A REST API accepts only strings, numbers and booleans. */
export type AuthorizerContext = Readonly<Record<string, string | number>>;

/** Whether the answer has to be a simple response; otherwise it is a policy. */
export function wantsSimpleResponse(event: AuthorizerEvent): boolean {
  return event.version === '2.0';
}

/**
 * The token in the `Authorization` header, without a leading `Bearer` (RFC 6750 §2.1); empty if there is none.
 * A REST API passes header names on as they were sent.
 */
export function bearerTokenOf({ type, authorizationToken, headers }: AuthorizerEvent): string {
  const named = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'authorization');
  const value = type === 'TOKEN' ? authorizationToken : named?.[1];
  const [, token = ''] = /^(?:bearer +)?([^ ]+) *$/i.exec(typeof value === 'string' ? value : '') ?? [];
  return token;
}

/**
 * The answer to a REST API. It allows every method of the stage, because API Gateway caches it by the token alone and would
 * apply a policy for one method to the next.
 */
export function toPolicy(
  methodArn: string,
  principalId: string,
  isAllowed: boolean,
  context: AuthorizerContext,
): PolicyResponse {
  const [api = '', stage = ''] = methodArn.split('/');
  return {
    principalId,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Action: 'execute-api:Invoke',
          Effect: isAllowed ? 'Allow' : 'Deny',
          Resource: isAllowed ? `${api}/${stage}/*` : '*',
        },
      ],
    },
    context,
  };
}
