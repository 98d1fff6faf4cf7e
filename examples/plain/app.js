import { createStreamPass, StreamPassError } from 'streampass-client';
import { keepOpen, publish, red5Whep, red5Whip, watch } from 'streampass-client/whep';
import { UserManager } from 'oidc-client-ts';
import { settings } from './settings.js';

const home = `${location.origin}/`;
const userManager = new UserManager({
  authority: settings.issuer,
  client_id: settings.clientId,
  redirect_uri: home,
  post_logout_redirect_uri: home,
  scope: 'openid profile email',
});

const name = element('name', HTMLElement);
const sign = element('sign', HTMLButtonElement);
const stream = element('stream', HTMLElement);
const room = element('room', HTMLSelectElement);
const video = element('video', HTMLVideoElement);
const publishButton = element('publish', HTMLButtonElement);
const status = element('status', HTMLElement);
const problem = element('problem', HTMLElement);
const signAgain = element('sign-again', HTMLButtonElement);

if (new URLSearchParams(location.search).has('state')) {
  await userManager.signinCallback().finally(() => history.replaceState(null, '', '/'));
}
const user = await userManager.getUser();
const signIn = () => userManager.signinRedirect();
signAgain.addEventListener('click', signIn);
sign.addEventListener('click', () => (user ? userManager.signoutRedirect() : signIn()));

/** Ends what runs for the room before. */
let stop = new AbortController();

if (user) {
  const groups = user.profile['groups'];
  const publishes = Array.isArray(groups) && groups.includes('broadcasters');
  name.textContent = user.profile.name ?? user.profile.sub;
  sign.textContent = 'Sign out';
  stream.hidden = false;
  publishButton.hidden = !publishes;
  publishButton.addEventListener('click', goOnAir);
  if (!publishes) {
    room.addEventListener('change', show);
    show();
  }
}

/** Watches the room that is chosen until another one is. */
function show() {
  const { pass, signal } = begin('subscribe', 'WHEP');
  const address = red5Whep({ server: settings.mediaServer, room: room.value, stream: settings.stream });
  keepOpen(
    (sessionSignal) => watch(pass, { address, signal: sessionSignal }),
    (player) => {
      explain();
      video.srcObject = player.stream;
    },
    { signal, onFailure: explain },
  ).catch(explain);
}

/** Publishes the camera to the room that is chosen. */
async function goOnAir() {
  const { pass, signal } = begin('publish', 'WHIP');
  try {
    const camera = await navigator.mediaDevices.getUserMedia({ video: true });
    signal.addEventListener('abort', () => camera.getTracks().forEach((track) => track.stop()));
    video.srcObject = camera;
    const address = red5Whip({ server: settings.mediaServer, room: room.value, stream: settings.stream });
    const session = await publish(pass, camera, { address, signal });
    status.textContent = 'On air';
    await session.closed;
    status.textContent = 'Off air';
  } catch (error) {
    if (!signal.aborted) explain(error);
  }
}

/**
 * Ends what ran, and makes a StreamPass for the room that is chosen now.
 *
 * @param {string} scope
 * @param {string} transport
 */
function begin(scope, transport) {
  stop.abort();
  stop = new AbortController();
  const { signal } = stop;
  explain();
  const pass = createStreamPass({
    endpoint: settings.endpoint,
    audience: 'red5',
    room: room.value,
    scope,
    transport,
    subjectToken: async ({ forceRefresh }) => {
      const current = forceRefresh
        ? await userManager.signinSilent().catch(() => null)
        : await userManager.getUser();
      return current?.id_token;
    },
  });
  signal.addEventListener('abort', () => pass.close());
  pass.on('changed', (state) => {
    if (!signal.aborted) status.textContent = `Token: ${state.status}`;
  });
  return { pass, signal };
}

/**
 * Tells the user what is wrong, and offers the sign-in if that helps.
 *
 * @param {unknown} [error]
 */
function explain(error) {
  const kind = error instanceof StreamPassError ? error.kind : undefined;
  const texts = {
    'sign-in-again': 'Your sign-in has ended.',
    'not-allowed': 'You may not watch this.',
    'bad-request': 'This app is not set up correctly.',
    'try-later': 'One moment, trying again …',
    refused: 'The media server refused. Trying again …',
    unavailable: 'The stream is not available. Trying again …',
    closed: '',
  };
  problem.textContent = kind ? texts[kind] : String(error ?? '');
  signAgain.hidden = kind !== 'sign-in-again';
}

/**
 * The element of this id.
 *
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`no ${id}`);
  return found;
}
