/** The common shape of the HTTP functions: the same middlewares around each function's own answer. */

import middy from '@middy/core';
import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { errorsUrlOf, toEvent } from '../../lib/api-gateway/event.ts';
import type { ApiGatewayEvent, ApiGatewayResponse } from '../../lib/api-gateway/event.ts';
import type { RequestOrigin } from '../../lib/exchange/audit.ts';
import { errorResponse } from '../../lib/exchange/token-response.ts';
import type { Line } from '../../lib/metrics.ts';
import { describeError, writeLine } from '../../lib/node/log.ts';
import { OAuthError } from '../../lib/oauth/oauth-error.ts';
import type { Configured } from './configured.ts';

/** A response and its log lines; `request_id` and `source_ip` are added to each line. */
export type Answer = ApiGatewayResponse & {
  readonly audit?: (origin: RequestOrigin) => readonly Line[];
};

/** The parts in which the functions differ. */
export interface HttpFunctionOptions {
  /** Its name in log lines, such as `NAME.defect`. */
  readonly name: string;
  /** Every request is refused with 503 `config_invalid` if this is not sound · default: not checked. */
  readonly configured?: Configured;
  /** Throws an `OAuthError` for a refusal. Anything else it throws is a defect: one log line, and 503 `internal`. */
  readonly answer: (event: ApiGatewayEvent) => Answer | Promise<Answer>;
  /** The answer to an error · default: the JSON of RFC 6749 §5.2 and one line `NAME.refused`. */
  readonly refuse?: (error: OAuthError, event: ApiGatewayEvent) => Answer;
}

/** The handler of a function behind API Gateway or a load balancer. `answer` gets a parsed event, whatever was received. */
export function httpFunction({ name, configured, answer, refuse }: HttpFunctionOptions) {
  // Each wait has its own time limit, and middy's timer for the whole request would cost time in each request.
  return middy<ApiGatewayEvent, Answer>({ timeoutEarlyInMillis: 0 })
    .use(parseEvent())
    .use(audit())
    .use(answerErrors(name, refuse ?? refuseInJson(name)))
    .use(checkConfiguration(configured))
    .handler(async (event: ApiGatewayEvent) => answer(event));
}

/** The page that explains each reason, at the address that clients know this API by. */
export function errorsUrl(event: ApiGatewayEvent): string {
  return errorsUrlOf(event, process.env['PUBLIC_URL']);
}

/** The values that the middlewares keep during one request. */
type Kept = { startedAt?: number };
type Middleware = MiddlewareObj<ApiGatewayEvent, Answer, Error, Context, Kept>;
type Refuse = NonNullable<HttpFunctionOptions['refuse']>;

function refuseInJson(name: string): Refuse {
  return (error, event) => ({
    ...errorResponse(error, errorsUrl(event)),
    audit: () => [{ event: `${name}.refused`, reason: error.reason }],
  });
}

function parseEvent(): Middleware {
  return {
    before: (request) => {
      request.event = toEvent(request.event);
    },
  };
}

/** Writes the log lines of an answer, and removes them from the response. */
function audit(): Middleware {
  let coldStart = true;

  const finish: NonNullable<Middleware['after']> = (request) => {
    if (request.response === null || request.response === undefined) return;
    const { audit: linesOf, ...response } = request.response;
    const { requestId, http } = request.event.requestContext ?? {};
    const lines = linesOf?.({
      requestId,
      sourceIp: http?.sourceIp,
      coldStart,
      latencyMs: performance.now() - (request.internal.startedAt ?? Number.NaN),
      timestampMs: Date.now(),
    });
    for (const line of lines ?? []) writeLine(line, { request_id: requestId, source_ip: http?.sourceIp });
    coldStart = false;
    request.response = response;
  };
  return {
    before: (request) => {
      request.internal.startedAt = performance.now();
    },
    after: finish,
    onError: finish,
  };
}

function answerErrors(name: string, refuse: Refuse): Middleware {
  return {
    onError: (request) => {
      const { error, event } = request;
      if (!(error instanceof OAuthError)) {
        const request_id = event.requestContext?.requestId;
        writeLine({ event: `${name}.defect`, ...describeError(error), request_id });
      }
      request.response = refuse(error instanceof OAuthError ? error : new OAuthError('internal'), event);
    },
  };
}

function checkConfiguration(configured: Configured | undefined): Middleware {
  return {
    before: () => {
      if (configured !== undefined && configured.problems.length > 0) throw new OAuthError('config_invalid');
    },
  };
}
