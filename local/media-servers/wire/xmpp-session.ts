import { randomUUID } from 'node:crypto';
import type { Fleet, PickedNode } from '../fleet.ts';
import { joinRoom } from '../rules/jitsi-join.ts';
import { logIn } from '../rules/jitsi-login.ts';
import type { JitsiRefusal, JitsiSession } from '../rules/jitsi-session.ts';

/** One client's XMPP session, without its transport. */
export interface XmppSession {
  readonly domain: string;
  /** What the server offers at the start of a stream, before and after the login. */
  readonly features: () => string;
  /** The replies to a stanza of the client, each one stanza; none if the server does not answer. */
  readonly handle: (xml: string) => readonly string[];
}

const stanza = /<(auth|iq|presence)\b[^>]*?(?:\/>|>[\s\S]*?<\/\1>)/g;

/**
 * The part of Prosody that a Jitsi client meets: SASL ANONYMOUS with the token of the request's address, resource binding,
 * joining rooms. Stanzas are recognized by their names, not parsed. Unknown stanzas get no answer.
 */
export function startXmppSession(
  fleet: Fleet<'jitsi'>,
  { node, settings }: PickedNode<'jitsi'>,
  token: string | undefined,
): XmppSession {
  const { domain } = settings;
  let session: JitsiSession | undefined;
  let address = '';

  const authenticate = (auth: string): string[] => {
    if (attribute(auth, 'mechanism') !== 'ANONYMOUS') return [saslFailure('invalid-mechanism')];
    // The current settings of the host: after a reload, sessions that were opened before it are checked with the new secret.
    const login = logIn(token, node.settings() ?? settings, fleet.now());
    if (!login.ok) {
      fleet.decided(node, token, false);
      return login.neverAnswers ? [] : [saslFailure(login.condition, login.reason)];
    }
    session = login.session;
    return [`<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>`];
  };

  const bind = (iq: string): string[] => {
    if (session === undefined || !iq.includes('urn:ietf:params:xml:ns:xmpp-bind')) return [];
    address = `${randomUUID()}@${domain}/${randomUUID().slice(0, 8)}`;
    const id = escapeXml(attribute(iq, 'id') ?? '');
    const jid = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${address}</jid></bind>`;
    return [`<iq xmlns='jabber:client' type='result' id='${id}'>${jid}</iq>`];
  };

  const join = (presence: string): string[] => {
    const to = attribute(presence, 'to') ?? '';
    const [, room = ''] = /^([^@/]+)@/.exec(to) ?? [];
    if (session === undefined || room === '' || attribute(presence, 'type') !== undefined) return [];
    const joined = joinRoom(session, settings, room);
    fleet.decided(node, token, joined.ok);
    const from = `xmlns='jabber:client' from='${escapeXml(to)}' to='${address}'`;
    if (!joined.ok)
      return joined.neverAnswers ? [] : [`<presence ${from} type='error'>${joinError(joined)}</presence>`];
    const rank = joined.moderator
      ? `affiliation='owner' role='moderator'`
      : `affiliation='member' role='participant'`;
    const self = `<item ${rank}/><status code='110'/>`;
    return [`<presence ${from}><x xmlns='http://jabber.org/protocol/muc#user'>${self}</x></presence>`];
  };

  return {
    domain,
    features: () =>
      session === undefined
        ? `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms>`
        : `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>`,
    handle: (xml) =>
      [...xml.matchAll(stanza)].flatMap(([whole, name]) => {
        if (name === 'auth') return authenticate(whole);
        return name === 'iq' ? bind(whole) : join(whole);
      }),
  };
}

/** An attribute of the first tag, with XML's five entities resolved. */
export function attribute(xml: string, name: string): string | undefined {
  const tag = xml.slice(0, xml.indexOf('>') + 1);
  const found = new RegExp(`\\s${name}=(?:'([^']*)'|"([^"]*)")`).exec(tag);
  return found === null ? undefined : unescapeXml(found[1] ?? found[2] ?? '');
}

/** Escapes a string as Prosody does. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => `&${entities.get(character) ?? ''};`);
}

const entities: ReadonlyMap<string, string> = new Map([
  ['&', 'amp'],
  ['<', 'lt'],
  ['>', 'gt'],
  ["'", 'apos'],
  ['"', 'quot'],
]);

function unescapeXml(text: string): string {
  const characters = new Map([...entities].map(([character, entity]) => [`&${entity};`, character]));
  return text.replace(/&\w+;/g, (entity) => characters.get(entity) ?? entity);
}

function saslFailure(condition: string, text?: string): string {
  const words = text === undefined ? '' : `<text>${escapeXml(text)}</text>`;
  return `<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><${condition}/>${words}</failure>`;
}

function joinError({ condition, reason, jitsiCondition }: JitsiRefusal): string {
  const ns = 'urn:ietf:params:xml:ns:xmpp-stanzas';
  const own = jitsiCondition === undefined ? '' : `<${jitsiCondition} xmlns='http://jitsi.org/jitmeet'/>`;
  return `<error type='cancel'><${condition} xmlns='${ns}'/><text xmlns='${ns}'>${escapeXml(reason)}</text>${own}</error>`;
}
