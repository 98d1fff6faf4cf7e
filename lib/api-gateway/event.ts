/**
 * The parts of an API Gateway HTTP API event (payload format 2.0) that are read here. Every part may be missing: what
 * arrives is whatever somebody sent.
 *
 * @see AWS: "Working with AWS Lambda proxy integrations for HTTP APIs"
 */
export interface ApiGatewayEvent {
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  readonly rawPath?: string;
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>>;
  readonly pathParameters?: Readonly<Record<string, string | undefined>>;
  readonly requestContext?: {
    readonly domainName?: string;
    readonly requestId?: string;
    readonly http?: { readonly sourceIp?: string; readonly method?: string };
  };
}

/** What a function answers API Gateway with. */
export interface ApiGatewayResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a function was invoked with, as an event: an empty one where it is no object, as only a direct invocation can be. */
export function toEvent(received: unknown): ApiGatewayEvent {
  return typeof received === 'object' && received !== null ? received : {};
}

/** A header's value; API Gateway sends names in lower case, and joins repeated headers by commas. */
export function headerOf(event: ApiGatewayEvent, name: string): string | undefined {
  const value = event.headers?.[name];
  return typeof value === 'string' ? value : undefined;
}

/**
 * The body as bytes, or `undefined` where it is longer than `maxBytes`. API Gateway hands everything that it does not
 * take for text over in base64, form bodies too; local emulations do not.
 */
export function bodyOf(event: ApiGatewayEvent, maxBytes: number): Buffer | undefined {
  const body = typeof event.body === 'string' ? event.body : '';
  if (body.length > maxBytes * 1.5 + 4) return undefined;
  const bytes = Buffer.from(body, event.isBase64Encoded === true ? 'base64' : 'utf8');
  return bytes.length > maxBytes ? undefined : bytes;
}

/**
 * A JSON answer that no cache keeps. API Gateway adds the CORS headers, which differ by origin whatever it does, so `vary`
 * says so on every answer.
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
 * The address that clients know this API by: `publicUrl` where it is configured, else the domain that API Gateway
 * received the request for; never a header, which anyone can send.
 */
export function publicUrlOf(event: ApiGatewayEvent, publicUrl: string | undefined): string {
  if (publicUrl) return publicUrl.replace(/\/+$/, '');
  const domainName = event.requestContext?.domainName;
  return `https://${typeof domainName === 'string' ? domainName : 'localhost'}`;
}

/** The page that explains each reason, at the address that clients know this API by. */
export function errorsUrlOf(event: ApiGatewayEvent, publicUrl: string | undefined): string {
  return `${publicUrlOf(event, publicUrl)}/errors`;
}
