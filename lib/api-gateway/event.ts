import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

type RequestContext = APIGatewayProxyEventV2['requestContext'];

/**
 * The parts of a request that streampass reads, with the names of API Gateway's payload format 2.0. `toEvent` makes it from
 * what arrives, so every part has its type, and header names are in lower case.
 *
 * @see AWS: "Working with AWS Lambda proxy integrations for HTTP APIs"
 */
export interface ApiGatewayEvent {
  /** By name in lower case; a repeated header's values joined by commas. */
  readonly headers?: Readonly<APIGatewayProxyEventV2['headers']>;
  readonly body?: APIGatewayProxyEventV2['body'] | undefined;
  readonly isBase64Encoded?: boolean | undefined;
  /** With the base path of a custom domain and the name of a stage, if the address has them. */
  readonly rawPath?: string | undefined;
  /** Method and path of the route that matched, such as `GET /errors`; absent if there are no routes. */
  readonly routeKey?: string | undefined;
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>>;
  readonly pathParameters?: Readonly<Record<string, string | undefined>>;
  readonly requestContext?: Maybe<Pick<RequestContext, 'domainName' | 'requestId'>> & {
    readonly http?: Maybe<Pick<RequestContext['http'], 'sourceIp' | 'method'>>;
  };
}

/** Parts that may be missing: other senders than payload format 2.0 lack some. */
type Maybe<Parts> = { readonly [Name in keyof Parts]?: Parts[Name] | undefined };

/** What a function answers API Gateway with. */
export interface ApiGatewayResponse extends APIGatewayProxyStructuredResultV2 {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The event of an HTTP request, whatever sent it: API Gateway in payload format 2.0 or 1.0, or an Application Load
 * Balancer. It leaves out a part that is missing or has the wrong type. A value that is not an object gives an empty event.
 *
 * @param received anything at all: a direct invocation can send whatever it likes
 * @see AWS: "Working with AWS Lambda proxy integrations for HTTP APIs"; "Use Lambda functions as targets of an Application
 *   Load Balancer"
 */
export function toEvent(received: unknown): ApiGatewayEvent {
  const event = objectOf(received);
  const context = objectOf(event['requestContext']);
  const http = objectOf(context['http']);
  const headers = stringsIn([event['headers'], event['multiValueHeaders']], toLowerCase);
  const method = stringOf(http['method']) ?? stringOf(event['httpMethod']);
  const sourceIp =
    stringOf(http['sourceIp']) ??
    stringOf(objectOf(context['identity'])['sourceIp']) ??
    // A load balancer adds the address that it saw at the end; the client itself may have written the others.
    (isObject(context['elb']) ? headers['x-forwarded-for']?.split(',').at(-1)?.trim() : undefined);
  return {
    headers,
    body: stringOf(event['body']),
    isBase64Encoded: event['isBase64Encoded'] === true,
    // In format 1.0 the context has the whole path; `path` is the one within the API.
    rawPath: stringOf(event['rawPath']) ?? stringOf(context['path']) ?? stringOf(event['path']),
    routeKey: routeKeyOf(stringOf(event['routeKey']) ?? `${method} ${stringOf(event['resource']) ?? ''}`),
    queryStringParameters: stringsIn([event['queryStringParameters']]),
    pathParameters: stringsIn([event['pathParameters']]),
    requestContext: {
      domainName: stringOf(context['domainName']),
      requestId: stringOf(context['requestId']),
      http: { sourceIp, method },
    },
  };
}

/** `undefined` for a route that does not say which path it is: `$default`, a greedy parameter, or none. */
function routeKeyOf(route: string): string | undefined {
  return /^[A-Z]+ \/.*(?<!\+\})$/.test(route) ? route : undefined;
}

type Members = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}

function objectOf(value: unknown): Members {
  return isObject(value) ? value : {};
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The members of these objects that are strings, and those that are arrays, joined by commas; the rest is left out. */
function stringsIn(
  values: readonly unknown[],
  toName: (name: string) => string = (name) => name,
): Readonly<Record<string, string | undefined>> {
  const strings: Record<string, string> = {};
  for (const value of values) {
    const members = objectOf(value);
    for (const name of Object.keys(members)) {
      const member = members[name];
      const text = Array.isArray(member) ? member.filter((one) => typeof one === 'string').join(',') : member;
      if (typeof text === 'string') strings[toName(name)] = text;
    }
  }
  return strings;
}

function toLowerCase(text: string): string {
  return text.toLowerCase();
}

/** A header's value, by its name in lower case. */
export function headerOf(event: ApiGatewayEvent, name: string): string | undefined {
  const { headers } = event;
  return headers !== undefined && Object.hasOwn(headers, name) ? headers[name] : undefined;
}

/** The token of `Authorization: Bearer TOKEN` (RFC 6750 §2.1), or `undefined` if the header is anything else. */
export function bearerTokenOf(event: ApiGatewayEvent): string | undefined {
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(headerOf(event, 'authorization') ?? '')?.[1];
}

/**
 * The body as bytes, or `undefined` if it is longer than `maxBytes`. API Gateway encodes every body that it does not consider
 * text in base64, also form bodies; local emulations do not.
 */
export function bodyOf(event: ApiGatewayEvent, maxBytes: number): Buffer | undefined {
  const body = event.body ?? '';
  if (body.length > maxBytes * 1.5 + 4) return undefined;
  const bytes = Buffer.from(body, event.isBase64Encoded === true ? 'base64' : 'utf8');
  return bytes.length > maxBytes ? undefined : bytes;
}

/**
 * The path of the route that the request came by, such as `/errors`: without a base path or stage, and with the names of
 * parameters in place of their values. If there are no routes, the path of the request.
 */
export function routePathOf({ routeKey, rawPath = '' }: ApiGatewayEvent): string {
  return routeKey === undefined ? rawPath : routeKey.slice(routeKey.indexOf(' ') + 1);
}

/** The part of the request's path before the route's path: the base path of a custom domain, or the name of a stage. */
function mountOf(event: ApiGatewayEvent): string {
  const { rawPath = '', routeKey } = event;
  if (routeKey === undefined) return '';
  const depth = routePathOf(event).split('/').length - 1;
  const mount = rawPath.split('/').slice(0, -depth).join('/');
  return /^(?:\/[A-Za-z0-9._~-]+)*$/.test(mount) ? mount : '';
}

/**
 * A JSON answer that no cache keeps. API Gateway adds CORS headers that differ by origin, so every answer has `vary: origin`.
 */
export function jsonResponse(
  statusCode: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): ApiGatewayResponse {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', vary: 'origin', ...headers },
    body: JSON.stringify(body),
  };
}

/**
 * The address that clients know this API by: `publicUrl` if it is configured, else the domain, base path and stage for which
 * API Gateway received the request. Never a header, because anyone can send one.
 */
export function publicUrlOf(event: ApiGatewayEvent, publicUrl: string | undefined): string {
  if (publicUrl) return publicUrl.replace(/\/+$/, '');
  return `https://${event.requestContext?.domainName ?? 'localhost'}${mountOf(event)}`;
}

/** The page that explains each reason, at the address that clients know this API by. */
export function errorsUrlOf(event: ApiGatewayEvent, publicUrl: string | undefined): string {
  return `${publicUrlOf(event, publicUrl)}/errors`;
}
