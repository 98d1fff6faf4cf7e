import type { StreamPass } from 'streampass-client';
import { keepOpen, publish, red5Whep, red5Whip, watch, type WebRtcAddress } from 'streampass-client/whep';
import type { Asked } from './asked.ts';
import { byId, showNotice } from './dom.ts';
import { countNodes, present } from './media-server.ts';
import { createPlayer } from './player.ts';
import { startTestPicture } from './test-picture.ts';

/** Real video through the local Red5 nodes: published by WHIP, watched by WHEP. */
export interface VideoPanel {
  /** Which token is held, and for what; none hides the panel. */
  readonly use: (held: HeldToken | undefined) => void;
}

/** A token that is kept fresh, and what it is for. */
export interface HeldToken {
  readonly asked: Asked;
  readonly scope: string;
  readonly pass: StreamPass;
}

/** The name of the one stream of a room here. */
const STREAM = 'main';
/** A room for a token that is good for any. */
const ANY_ROOM = 'any-room';
/** Nodes that are published to and watched from. */
const MOST_NODES = 3;
/** Sessions of one viewer, each on a node of its own: when one of the nodes restarts, the other session goes on. */
const SESSIONS = [0, 1];

/** The panel of the publisher and the two players. */
export function createVideoPanel(): VideoPanel {
  const card = byId('video-card');
  const problem = byId('video-problem');
  const publishButton = byId<HTMLButtonElement>('video-publish');
  const watchButton = byId<HTMLButtonElement>('video-watch');
  const players = [createPlayer(1), createPlayer(2)];
  let held: HeldToken | undefined;
  let running: { publishing?: AbortController | undefined; watching?: AbortController | undefined } = {};

  const show = (): void => {
    const actions = held?.scope.split(' ') ?? [];
    card.hidden = held?.asked.server.kind !== 'red5';
    publishButton.disabled = !actions.includes('publish');
    watchButton.disabled = !actions.includes('subscribe');
    publishButton.setAttribute('aria-pressed', String(running.publishing !== undefined));
    watchButton.setAttribute('aria-pressed', String(running.watching !== undefined));
  };
  const fail = (error: unknown): void => {
    showNotice(problem, 'bad', 'The video stopped', error instanceof Error ? error.message : String(error));
  };

  const startPublishing = async ({ asked, pass }: HeldToken, signal: AbortSignal): Promise<void> => {
    const media = startTestPicture(byId<HTMLCanvasElement>('video-picture'), signal);
    for (let node = 0; node < (await usedNodes(asked)); node++) {
      const address = onNode(red5Whip(placeOf(asked)), asked, 'publish', node);
      const open = (ending: AbortSignal) => publish(pass, media, { address, signal: ending });
      void keepOpen(open, () => undefined, { signal }).catch(fail);
    }
  };
  const startWatching = async ({ asked, pass }: HeldToken, signal: AbortSignal): Promise<void> => {
    const nodes = await usedNodes(asked);
    for (const [index, player] of players.entries()) {
      player.reset();
      const nodeOf = SESSIONS.map((session) => index + session - 1);
      for (const session of SESSIONS.slice(0, nodes)) {
        const open = (ending: AbortSignal) => {
          const node = nextNode(nodeOf, session, nodes);
          nodeOf[session] = node;
          const address = onNode(red5Whep(placeOf(asked)), asked, 'subscribe', node);
          return watch(pass, { address, signal: ending });
        };
        void keepOpen(open, player.play, { signal }).catch(fail);
      }
    }
  };

  publishButton.addEventListener('click', () => {
    if (held === undefined) return;
    running = { ...running, publishing: toggle(running.publishing) };
    if (running.publishing) startPublishing(held, running.publishing.signal).catch(fail);
    show();
  });
  watchButton.addEventListener('click', () => {
    if (held === undefined) return;
    running = { ...running, watching: toggle(running.watching) };
    if (running.watching) startWatching(held, running.watching.signal).catch(fail);
    show();
  });

  return {
    use(next) {
      running.publishing?.abort();
      running.watching?.abort();
      running = {};
      problem.replaceChildren();
      held = next;
      show();
    },
  };
}

function toggle(running: AbortController | undefined): AbortController | undefined {
  running?.abort();
  return running === undefined ? new AbortController() : undefined;
}

function placeOf({ server, room = ANY_ROOM }: Asked) {
  return { server: server.url, room, stream: STREAM };
}

async function usedNodes({ server }: Asked): Promise<number> {
  return Math.min(await countNodes(server.url), MOST_NODES);
}

/** The node after this session's last one, on which no other session of the viewer is. */
function nextNode(nodeOf: readonly number[], session: number, nodes: number): number {
  const own = nodeOf[session] ?? 0;
  const others = nodeOf.filter((_, other) => other !== session);
  const after = [1, 2].map((steps) => (own + steps) % nodes);
  return after.find((node) => !others.includes(node)) ?? 0;
}

/**
 * The local fleet has one address; `node` says which of its nodes is meant. That node checks each token before it is
 * offered: a refusal by WHIP or WHEP would be a red line in the browser's console, though it is the ordinary course of a
 * rotation.
 */
function onNode(
  addressOf: (token: string) => WebRtcAddress,
  asked: Asked,
  action: string,
  node: number,
): (token: string) => Promise<WebRtcAddress> {
  return async (token) => {
    await present(asked.server.url, { ...asked, transport: undefined }, action, token, node);
    return { ...addressOf(token), url: `${addressOf(token).url}&node=${node}` };
  };
}
