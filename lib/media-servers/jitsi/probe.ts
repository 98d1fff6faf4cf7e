import { refused, type ProbeAttempt } from '../probe.ts';

/**
 * Jitsi Meet: a BOSH session (XEP-0124, XEP-0206) and SASL ANONYMOUS, whose failure carries Prosody's reason. The address
 * is the server's; without a path, `/http-bind`.
 *
 * @see jitsi-meet `resources/prosody-plugins/mod_auth_token.lua`
 */
export const probeJitsi: ProbeAttempt = async (address, token, room, connection) => {
  const url = new URL(address);
  if (url.pathname === '/') url.pathname = '/http-bind';
  url.searchParams.set('room', room);
  url.searchParams.set('token', token);
  const post = (rid: number, attributes: string, content = '') =>
    connection.post(url, 'text/xml; charset=utf-8', boshBody(rid, attributes, content));

  const opened = await post(1, `to='${url.hostname}' wait='5' hold='1' ver='1.6' xmpp:version='1.0'`);
  if (opened.status !== 200) return refused(`status ${opened.status}`);
  const sid = /\ssid=['"]([^'"<>&]+)['"]/.exec(opened.text)?.[1];
  if (sid === undefined) return refused(`no session: ${opened.text}`);
  const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>`;
  const { status, text } = await post(2, `sid='${sid}'`, auth);
  await post(3, `sid='${sid}' type='terminate'`).catch(() => undefined);
  if (status !== 200) return refused(`status ${status}`);
  if (/<success[\s/>]/.test(text)) return { accepted: true };
  return refused(/<text[^>]*>([^<]*)<\/text>/.exec(text)?.[1] ?? text);
};

function boshBody(rid: number, attributes: string, content: string): string {
  const namespaces = `xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'`;
  return `<body ${namespaces} rid='${1_000_000 + rid}' ${attributes}>${content}</body>`;
}
