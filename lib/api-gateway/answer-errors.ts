import type { MiddlewareObj } from '@middy/core';
import { OAuthError } from '../oauth/oauth-error.ts';
import { toEvent } from './event.ts';
import type { ApiGatewayEvent, ApiGatewayResponse } from './event.ts';
import { errorResponse } from '../exchange/token-response.ts';

/**
 * A middleware that answers whatever a handler throws with the error body of `/token`: a refusal as it is, anything else
 * as 503 `internal`, told to `onDefect`. Handlers behind it are given an object for an event, whatever they were invoked with.
 *
 * @param errorsUrl gives the page that explains each reason
 */
export function answerErrors(
  errorsUrl: (event: ApiGatewayEvent) => string,
  onDefect: (error: unknown, event: ApiGatewayEvent) => void,
): MiddlewareObj<ApiGatewayEvent, ApiGatewayResponse> {
  return {
    before: (request) => {
      request.event = toEvent(request.event);
    },
    onError: (request) => {
      const { error, event } = request;
      if (!(error instanceof OAuthError)) onDefect(error, event);
      const told = error instanceof OAuthError ? error : new OAuthError('internal');
      request.response = errorResponse(told, errorsUrl(event));
    },
  };
}
