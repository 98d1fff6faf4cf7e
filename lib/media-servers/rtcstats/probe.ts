import { refused, type ProbeAttempt } from '../probe.ts';

/**
 * rtcstats-server: a WebSocket. The connection is opened before the token is looked at, so a token is accepted if the
 * connection stays open. A refusal is close code 1008.
 *
 * @see rtcstats-server `app.js`
 */
export const probeRtcstats: ProbeAttempt = async (address, token, _room, connection) => {
  const url = new URL(address);
  url.searchParams.set('rtcstats-token', token);
  const said = await connection.openSocket(url);
  if (typeof said === 'string') return { accepted: true };
  return refused(`closed with ${said.code} ${said.reason}`.trim());
};
