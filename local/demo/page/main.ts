import { createStreamPass, type StreamPass, type StreamPassOptions } from 'streampass-client';
import type { DemoConfig } from '../demo-config.ts';
import { createAskForm } from './asked.ts';
import { kidOfToken } from './claims.ts';
import { clientCode, curlCode } from './code.ts';
import { createConnectPanel } from './connect-panel.ts';
import { byId, setText } from './dom.ts';
import { createPersonPanel } from './person-panel.ts';
import { createRotationPanel } from './rotation-panel.ts';
import { createSignIn } from './sign-in.ts';
import { createTokenPanel } from './token-panel.ts';
import { createVideoPanel } from './video-panel.ts';

const config = (await (await fetch('/config.json')).json()) as DemoConfig;
const signIn = createSignIn(config);
const person = createPersonPanel(signIn);
const tokenPanel = createTokenPanel(() => person.begin(), person.isOver);
const [firstServer, ...otherServers] = config.servers;
if (firstServer === undefined) throw new Error('No target of the configuration has media servers here.');
const form = createAskForm([firstServer, ...otherServers]);
const rotation = createRotationPanel(form.asked().server, (event) => connections.tellRotation(event));
const connections = createConnectPanel(rotation.toneOf);
const video = createVideoPanel();
/** One visit of this page: all of its tokens have it in their audit lines. */
const session = `demo-${crypto.randomUUID().slice(0, 8)}`;
let pass: StreamPass | undefined;

const isDemo = config.profile === 'demo';
setText(byId('profile'), isDemo ? 'demo profile: short lifetimes' : 'default profile: real lifetimes');
setText(
  byId('rotation-profile'),
  isDemo
    ? 'All servers change their secrets; with the short lifetimes of this profile that takes about three minutes.'
    : 'All servers change their secrets. That takes hours, because a token lives up to a day. To watch a whole ' +
        'rotation in three minutes, stop this stack and start it with npm start -- --demo.',
);

// One column shows what comes next first; there the details are opened by hand.
const hasColumns = matchMedia('(min-width: 62rem)').matches;
for (const details of document.querySelectorAll<HTMLDetailsElement>('.wide-open')) details.open = hasColumns;

form.onChange(retarget);
form.onSubmit(() => {
  getToken().catch(person.fail);
});
retarget();

await signIn.finish().catch(person.fail);
person.show();
byId<HTMLButtonElement>('get-token').disabled = signIn.person() === undefined;

setInterval(() => {
  person.tick();
  tokenPanel.tick();
  connections.tick();
  rotation.tick();
}, 1000);

function retarget(): void {
  const asked = form.asked();
  connections.retarget(asked);
  rotation.show(asked.server);
}

/** Asks for what the form says, and keeps that token fresh until something else is asked for. */
async function getToken(): Promise<void> {
  const asked = form.asked();
  const options: StreamPassOptions = {
    endpoint: config.tokenEndpoint,
    audience: asked.audiences,
    room: asked.room,
    scope: asked.scope,
    transport: asked.transport,
    session,
    subjectToken: () => signIn.person()?.idToken,
  };
  pass?.close();
  connections.use(undefined);
  video.use(undefined);
  tokenPanel.clear();
  rotation.useToken();
  setText(byId('client-code'), clientCode(asked, config.tokenEndpoint));
  setText(byId('curl-code'), curlCode(asked, config, signIn.person()?.sub ?? 'viewer'));
  const current = createStreamPass({ ...options, fetch: tokenPanel.fetch });
  pass = current;
  let isFirst = true;
  current.on('renewed', (answer) => {
    tokenPanel.showToken(answer, current.session);
    const { token, fallbackToken } = answer;
    rotation.useToken({ token: kidOfToken(token), fallback: fallbackToken && kidOfToken(fallbackToken) });
    if (isFirst) {
      const scopes = Object.entries(answer.tokens).map(
        ([target, { scope = '' }]) => [target, scope] as const,
      );
      connections.use({ asked, scopes: new Map(scopes), pass: current, options });
      video.use({ asked, scope: answer.scope ?? '', pass: current });
    }
    isFirst = false;
  });
  current.on('denied', tokenPanel.showFailure);
  current.on('delayed', tokenPanel.showFailure);
  current.on('expired', tokenPanel.showExpired);
  await current.token().catch(() => {
    // The events have told of it.
  });
}
