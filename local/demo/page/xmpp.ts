import { Refused, Unavailable } from './refusal.ts';

const framing = `xmlns='urn:ietf:params:xml:ns:xmpp-framing'`;
const sasl = `xmlns='urn:ietf:params:xml:ns:xmpp-sasl'`;
const bind = `<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`;
const muc = `xmlns='http://jabber.org/protocol/muc'`;

/**
 * Joins a Jitsi room as lib-jitsi-meet does, by XMPP over WebSocket (RFC 7395): SASL ANONYMOUS with the token in the
 * address, resource binding, presence to the room; then leaves.
 *
 * @returns the role that Prosody gave
 * @throws {Refused} {@link Unavailable}
 */
export async function joinJitsi(url: string, room: string, timeoutMs: number): Promise<string> {
  const socket = new WebSocket(url, 'xmpp');
  let domain = '';
  try {
    return await new Promise((resolve, reject) => {
      // Where a token breaks Prosody's own code, it never answers.
      const timer = setTimeout(() => reject(new Refused('Prosody did not answer')), timeoutMs);
      const open = (): void => socket.send(`<open ${framing} to='${domain}' version='1.0'/>`);
      socket.addEventListener('open', open);
      socket.addEventListener('close', ({ code }) => {
        clearTimeout(timer);
        reject(new Unavailable(`the WebSocket was closed with ${code}`));
      });
      socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
        const { name, attribute, text } = readStanza(data);
        if (name === 'open') domain = attribute('from');
        else if (name === 'features' && data.includes('<mechanism>')) {
          socket.send(`<auth ${sasl} mechanism='ANONYMOUS'/>`);
        } else if (name === 'success') open();
        else if (name === 'features') socket.send(bind);
        else if (name === 'iq') {
          const to = escapeXml(`${room}@conference.${domain}/visitor`);
          socket.send(`<presence xmlns='jabber:client' to='${to}'><x ${muc}/></presence>`);
        } else if (name === 'presence' && attribute('type') !== 'error') {
          resolve(`In the room, as ${attribute('role')}.`);
        } else if (name === 'presence' || name === 'failure') {
          reject(new Refused(text));
        }
      });
    });
  } finally {
    socket.close();
  }
}

/** As much of a stanza as is read here: its name, the first attribute of a name in it, and the server's words. */
function readStanza(xml: string): { name: string; attribute: (name: string) => string; text: string } {
  const find = (pattern: RegExp): string => unescapeXml(pattern.exec(xml)?.[1] ?? '');
  return {
    name: find(/^<(?:\w+:)?(\w+)/),
    attribute: (name) => find(new RegExp(`\\s${name}='([^']*)'`)),
    text: find(/<text[^>]*>([^<]*)/) || find(/<([\w-]+)\/>/) || 'refused without a word',
  };
}

function unescapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' };
  return text.replace(/&(\w+);/g, (entity, name: string) => entities[name] ?? entity);
}

function escapeXml(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
