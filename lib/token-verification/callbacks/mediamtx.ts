import { jsonObjectOf } from '../../api-gateway/json-body.ts';
import { jsonResponse } from '../../api-gateway/event.ts';
import type { ApiGatewayResponse } from '../../api-gateway/event.ts';
import type { JsonObject } from '../../jws/compact.ts';
import type { Callback } from '../callback.ts';
import { narrowTo } from '../verifier.ts';

/**
 * MediaMTX with `authMethod: http`: `action`, `path` and credentials in JSON. Any status from 200 on below 300 lets the
 * client in; 401 has it asked for credentials. A path is a room, as in the tokens that MediaMTX reads itself.
 *
 * @see bluenviron/mediamtx documentation, "Authentication", "HTTP-based"
 */
export const mediamtxAuth: Callback = {
  name: 'mediamtx',
  async handle(event, { verify, streams }) {
    const asked = jsonObjectOf(event);
    const { action, path, id, ip } = asked ?? {};
    if (asked === undefined || typeof action !== 'string' || typeof path !== 'string') {
      return { response: answer(403) };
    }
    const question = {
      action,
      room: path,
      stream: path,
      connection: typeof id === 'string' && id !== '' ? id : undefined,
      clientIp: typeof ip === 'string' ? ip : undefined,
    };
    const found = await verify(tokenOf(asked), ({ kind }) => kind === 'mediamtx');
    const verdict = await streams.begin(narrowTo(found, action, path), question);
    if (verdict.ok) return { response: answer(204), verdict, question };
    return { response: answer(verdict.problem === 'token_missing' ? 401 : 403), verdict, question };
  },
  unknownCaller: answer(403),
  unavailable: () => answer(503),
};

/** Where a client can put its token: a bearer token, a password beside any user, `token` or `jwt` in the address. */
function tokenOf({ token, password, query }: JsonObject): string {
  const parameters = new URLSearchParams(typeof query === 'string' ? query : '');
  const places = [token, password, parameters.get('token'), parameters.get('jwt')];
  return places.find((place): place is string => typeof place === 'string' && place !== '') ?? '';
}

function answer(statusCode: 204 | 401 | 403 | 503): ApiGatewayResponse {
  return statusCode === 204
    ? { statusCode, headers: { 'cache-control': 'no-store' }, body: '' }
    : jsonResponse(statusCode, { allowed: false });
}
