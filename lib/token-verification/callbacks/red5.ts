import { jsonObjectOf } from '../../api-gateway/json-body.ts';
import { jsonResponse } from '../../api-gateway/event.ts';
import type { ApiGatewayResponse } from '../../api-gateway/event.ts';
import type { Callback } from '../callback.ts';
import type { Target } from '../../media-servers/target.ts';
import { narrowTo } from '../verifier.ts';
import type { VerifiedToken } from '../verify-token.ts';

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
  async handle(event, { verify, streams }) {
    const { type, streamID, token } = jsonObjectOf(event) ?? {};
    if (typeof type !== 'string' || typeof streamID !== 'string' || typeof token !== 'string') {
      return { response: result(false) };
    }
    const found = await verify(token, isRed5);
    const question = {
      action: Object.hasOwn(ACTION, type) ? ACTION[type] : undefined,
      room: found.token && roomOf(found.token, streamID),
      stream: streamID,
      // The server reports of publishers alone that they have left.
      reportsEnd: type === 'publisher',
    };
    const verdict = await streams.begin(narrowTo(found, question.action, question.room), question);
    return { response: result(verdict.ok), verdict, question };
  },
  unknownCaller: result(false),
  unavailable: () => result(false),
};

/**
 * Red5 Pro reports that a publisher has left, waits for the answer without a limit and does not look at it. It does not
 * revoke anything: the holder of the token may come back with it until it ends. It frees the publisher's slot, and the log
 * says whose stream it was and how long it lasted.
 */
export const red5Invalidate: Callback = {
  name: 'red5',
  async handle(event, { verify, streams }) {
    const { streamID, token } = jsonObjectOf(event) ?? {};
    if (typeof streamID !== 'string' || typeof token !== 'string')
      return { response: result(true), ended: {} };
    const verdict = await verify(token, isRed5, { expiredToo: true });
    const room = verdict.token && roomOf(verdict.token, streamID);
    const question = { action: 'publish', room, stream: streamID };
    const seconds = verdict.token && (await streams.end(verdict.token, question));
    return {
      response: result(true),
      verdict,
      question,
      ended: { ...(seconds !== undefined && { seconds }) },
    };
  },
  unknownCaller: result(false),
  unavailable: () => result(false),
};

function isRed5({ kind }: Target): boolean {
  return kind === 'red5';
}

function roomOf({ target }: VerifiedToken, stream: string): string | undefined {
  return target.roomOfStream?.(stream);
}

function result(value: boolean): ApiGatewayResponse {
  return jsonResponse(200, { result: value });
}
