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

/** The address that the API's client has: in payload format 2.0, or in 1.0 and of a REST API. */
export function sourceIpOf({ requestContext }: AuthorizerEvent): string | undefined {
  return requestContext?.http?.sourceIp ?? requestContext?.identity?.sourceIp;
}

/** The answer to an HTTP API that has simple responses enabled. */
export type SimpleResponse = Readonly<APIGatewaySimpleAuthorizerWithContextResult<AuthorizerContext>>;

/** The answer to a REST API. */
export type PolicyResponse = Readonly<APIGatewayAuthorizerWithContextResult<AuthorizerContext>>;

/** What the API's own code gets to see. A REST API takes texts, numbers and booleans alone. */
export type AuthorizerContext = Readonly<Record<string, string | number>>;

/** Whether the answer is to be a simple response; a policy otherwise. */
export function wantsSimpleResponse(event: AuthorizerEvent): boolean {
  return event.version === '2.0';
}

/**
 * The token in the `Authorization` header, after `Bearer` where that stands there (RFC 6750 §2.1); empty where there is none.
 * A REST API hands header names on as they were sent.
 */
export function bearerTokenOf({ type, authorizationToken, headers }: AuthorizerEvent): string {
  const named = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'authorization');
  const value = type === 'TOKEN' ? authorizationToken : named?.[1];
  const [, token = ''] = /^(?:bearer +)?([^ ]+) *$/i.exec(typeof value === 'string' ? value : '') ?? [];
  return token;
}

/**
 * The answer to a REST API. It is for every method of the stage: API Gateway keeps it under the token alone, and would hold
 * a policy for one method against the next.
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
