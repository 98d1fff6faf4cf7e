import { jsonObjectOf } from '../../api-gateway/json-body.ts';
import { jsonResponse } from '../../api-gateway/event.ts';
import type { ApiGatewayResponse } from '../../api-gateway/event.ts';
import type { Callback } from '../callback.ts';
import { narrowTo } from '../verifier.ts';

const ACTION: Readonly<Record<string, string>> = { publisher: 'publish', subscriber: 'subscribe' };

/**
 * Red5 Pro's round-trip authentication: one call for each stream that is published or played, with `type`, `streamID` and
 * `token` in JSON. Only status 200 with `{"result":true}` lets the client in, so everything else is `{"result":false}`. The
 * server sends no room and no transport: the room follows from the stream's name.
 *
 * @see Red5 Pro documentation, "Round-trip authentication"
 */
export const red5Validate: Callback = {
  name: 'red5',
  async handle(event, verify) {
    const { type, streamID, token } = jsonObjectOf(event) ?? {};
    if (typeof type !== 'string' || typeof streamID !== 'string' || typeof token !== 'string') {
      return { response: result(false) };
    }
    const found = await verify(token, ({ kind }) => kind === 'red5');
    const room = found.ok ? found.token.target.roomOfStream?.(streamID) : undefined;
    const verdict = narrowTo(found, Object.hasOwn(ACTION, type) ? ACTION[type] : undefined, room);
    return { response: result(verdict.ok), verdict };
  },
  unknownCaller: result(false),
  unavailable: () => result(false),
};

/**
 * Red5 Pro tells that a publisher has left, waits for the answer without a limit and does not look at it. It is no wish to
 * revoke anything: whoever holds the token may come back with it until it ends. So nothing is read and nothing is done.
 */
export const red5Invalidate: Callback = {
  name: 'red5-left',
  handle: async () => ({ response: result(true) }),
  unknownCaller: result(false),
  unavailable: () => result(false),
};

function result(value: boolean): ApiGatewayResponse {
  return jsonResponse(200, { result: value });
}
