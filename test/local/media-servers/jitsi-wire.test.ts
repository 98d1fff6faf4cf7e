import { once } from 'node:events';
import { WebSocket } from 'ws';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { MediaServer } from '../../../local/media-servers/start-media-server.ts';
import { startServer, writeSecret } from './support.ts';
import { now, sign } from './token-text.ts';

const claims = { iss: 'streampass', aud: 'jitsi', sub: 'meet.example.com', room: 'room1', exp: now + 60 };
const good = sign({ ...claims, context: { user: { id: 'anna', moderator: true } } });
const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>`;
const bind = `<iq type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`;
const join = (room: string) =>
  `<presence to='${room}@conference.meet.example.com/nick'><x xmlns='http://jabber.org/protocol/muc'/></presence>`;

/** A client of one transport: sends a stanza, gets the reply. */
interface Client {
  readonly open: string;
  readonly send: (stanza: string) => Promise<string>;
}

async function bosh(
  server: MediaServer,
  query: string,
  headers: Record<string, string> = {},
): Promise<Client> {
  const post = async (attributes: string, content: string) => {
    const body = `<body xmlns='http://jabber.org/protocol/httpbind' rid='1' ${attributes}>${content}</body>`;
    const response = await fetch(`${server.url}/http-bind${query}`, { method: 'POST', body, headers });
    return response.text();
  };
  const opened = await post(`to='meet.example.com' wait='60' hold='1'`, '');
  const sid = /sid='([^']+)'/.exec(opened)?.[1] ?? '';
  return { open: opened, send: (stanza) => post(`sid='${sid}'`, stanza) };
}

async function webSocket(
  server: MediaServer,
  query: string,
  headers: Record<string, string> = {},
): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/xmpp-websocket${query}`, ['xmpp'], { headers });
  onTestFinished(() => socket.terminate());
  const waiting: ((reply: string) => void)[] = [];
  const replies: string[] = [];
  socket.on('message', (data: Buffer) => {
    const next = waiting.shift();
    if (next) next(data.toString());
    else replies.push(data.toString());
  });
  const receive = () =>
    new Promise<string>((done) => {
      const reply = replies.shift();
      if (reply === undefined) waiting.push(done);
      else done(reply);
    });
  const send = (stanza: string) => {
    socket.send(stanza);
    return receive();
  };
  await once(socket, 'open');
  const opened = await send(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='meet.example.com'/>`);
  return { open: opened + (await receive()), send };
}

describe.each([
  ['BOSH', bosh],
  ['WebSocket', webSocket],
])('%s', (_transport, start) => {
  test('logs in, binds and joins as a moderator', async () => {
    const server = await startServer('jitsi');
    const client = await start(server, `?room=room1&token=${good}`);
    expect(client.open).toContain('<mechanism>ANONYMOUS</mechanism>');
    expect(await client.send(auth)).toContain('<success ');
    expect(await client.send(bind)).toContain('<jid>');
    expect(await client.send(join('room1'))).toContain(`<item affiliation='owner' role='moderator'/>`);
  });

  test('takes a bearer token, and the address before it', async () => {
    const server = await startServer('jitsi');
    const headers = { authorization: `Bearer ${good}` };
    const byHeader = await start(server, '?room=room1', headers);
    expect(await byHeader.send(auth)).toContain('<success ');
    const byBoth = await start(server, '?room=room1&token=x', headers);
    expect(await byBoth.send(auth)).toContain('<text>Invalid token</text>');
  });

  test.each([
    ['no token', '', '<not-allowed/><text>token required</text>'],
    ['jwt= instead of token=', `&jwt=${good}`, '<not-allowed/><text>token required</text>'],
    [
      'no iss',
      `&token=${sign({ ...claims, iss: undefined })}`,
      '<not-allowed/><text>&apos;iss&apos; claim is missing</text>',
    ],
    [
      'no room',
      `&token=${sign({ ...claims, room: undefined })}`,
      '<not-authorized/><text>room claim is missing</text>',
    ],
    [
      'another secret',
      `&token=${sign(claims, { key: 'x' })}`,
      '<not-allowed/><text>Invalid signature</text>',
    ],
  ])('refuses %s at the login', async (_title, query, words) => {
    const server = await startServer('jitsi');
    const client = await start(server, `?room=room1${query}`);
    expect(await client.send(auth)).toContain(
      `<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${words}</failure>`,
    );
    expect(server.status()[0]?.refused).toBe(1);
  });

  test('lets the token of another room log in, and refuses the join', async () => {
    const server = await startServer('jitsi');
    const client = await start(server, `?room=room2&token=${good}`);
    expect(await client.send(auth)).toContain('<success ');
    await client.send(bind);
    const refused = await client.send(join('room2'));
    expect(refused).toContain(`type='error'`);
    expect(refused).toContain('>Room and token mismatched</text>');
    expect(await client.send(join('room1'))).toContain(`role='moderator'`);
  });

  test('a live session stays over a reload, and a new one is checked with the new secret', async () => {
    const server = await startServer('jitsi');
    const live = await start(server, `?node=0&room=room1&token=${good}`);
    await live.send(auth);
    await live.send(bind);
    await writeSecret('jitsi', server.files[0]!, 'another-secret-of-more-than-thirty-two-bytes');
    await server.reload(0);
    expect(await live.send(join('room1'))).toContain(`role='moderator'`);
    const late = await start(server, `?node=0&room=room1&token=${good}`);
    expect(await late.send(auth)).toContain('<text>Invalid signature</text>');
  });
});

test('BOSH says nothing to a token that breaks the module', async () => {
  const server = await startServer('jitsi');
  const client = await bosh(server, `?room=room1&token=${sign({ ...claims, context: null })}`);
  const first = client.send(auth);
  // The next request releases the one that is held open, which then is still empty.
  void client.send('').catch(() => undefined);
  expect(await first).toMatch(/><\/body>$/);
  expect(server.status()[0]?.refused).toBe(1);
});

test('never answers a request whose head is over 10 KiB', async () => {
  const server = await startServer('jitsi');
  const controller = new AbortController();
  const asked = fetch(`${server.url}/http-bind?token=${'x'.repeat(12_000)}`, {
    method: 'POST',
    body: '<body/>',
    signal: controller.signal,
  }).then(
    () => 'answered',
    () => 'gave up',
  );
  // A request that was sent later has been answered twice over: this one is not under way.
  await fetch(`${server.url}/status`);
  await fetch(`${server.url}/status`);
  controller.abort();
  expect(await asked).toBe('gave up');
});

test('BOSH ends a session, and knows no other', async () => {
  const server = await startServer('jitsi');
  const ask = async (sid: string, more = '') => {
    const body = `<body xmlns='http://jabber.org/protocol/httpbind' sid='${sid}'${more}/>`;
    return (await fetch(`${server.url}/http-bind`, { method: 'POST', body })).text();
  };
  const opened = await (
    await fetch(`${server.url}/http-bind`, { method: 'POST', body: `<body to='x'/>` })
  ).text();
  const sid = /sid='([^']+)'/.exec(opened)?.[1] ?? '';
  expect(await ask(sid, ` type='terminate'`)).toContain(`type='terminate'`);
  expect(await ask(sid)).toContain(`condition='item-not-found'`);
});
