import type { StreamPass } from 'streampass-client';
import { keepOpen, publish, red5Whep, red5Whip, watch, type WebRtcAddress } from 'streampass-client/whep';
import type { Asked } from './asked.ts';
import { byId, setText, showNotice } from './dom.ts';
import { countNodes } from './media-server.ts';
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
/** A viewer that saw no new picture for so long is on a node that restarted, in milliseconds. */
const STALL_MS = 700;
const LOOK_MS = 100;
/** Publishers: when the node of one restarts, the other one goes on. */
const PUBLISHERS = [0, 1];

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

  const startPublishing = ({ asked, pass }: HeldToken, signal: AbortSignal): void => {
    const media = startTestPicture(byId<HTMLCanvasElement>('video-picture'), signal);
    for (const node of PUBLISHERS) {
      const address = onNode(red5Whip(placeOf(asked)), () => node);
      const open = (ending: AbortSignal) => publish(pass, media, { address, signal: ending });
      void keepOpen(open, (session) => endWithMedia(session.peer, session.close), { signal }).catch(fail);
    }
  };
  const startWatching = async ({ asked, pass }: HeldToken, signal: AbortSignal): Promise<void> => {
    const nodes = await countNodes(asked.server.url);
    for (const [index, player] of players.entries()) {
      let node = index;
      const address = onNode(red5Whep(placeOf(asked)), () => node++ % nodes);
      const open = (ending: AbortSignal) => watch(pass, { address, signal: ending });
      void keepOpen(open, (session) => player.play(session.stream, session.close), { signal }).catch(fail);
    }
  };

  publishButton.addEventListener('click', () => {
    if (held === undefined) return;
    running = { ...running, publishing: toggle(running.publishing) };
    if (running.publishing) startPublishing(held, running.publishing.signal);
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

/** The local fleet has one address; `node` says which of its nodes is meant. */
function onNode(
  addressOf: (token: string) => WebRtcAddress,
  nextNode: () => number,
): (token: string) => WebRtcAddress {
  return (token) => ({ ...addressOf(token), url: `${addressOf(token).url}&node=${nextNode()}` });
}

/** A node that restarts ends its sessions: the connection says so before a time-out would. */
function endWithMedia(peer: RTCPeerConnection, end: () => void): void {
  peer.addEventListener('connectionstatechange', () => {
    if (['disconnected', 'failed', 'closed'].includes(peer.connectionState)) end();
  });
}

/** A video element that counts what it shows. */
function createPlayer(number: number): { play: (stream: MediaStream, end: () => void) => void } {
  const video = byId<HTMLVideoElement>(`video-${number}`);
  const frames = byId(`video-${number}-frames`);
  const pause = byId(`video-${number}-pause`);
  let total = 0;
  let longestPauseMs = 0;
  let lastFrameAt: number | undefined;

  return {
    play(stream, end) {
      video.srcObject = stream;
      void video.play().catch(() => undefined);
      let before = 0;
      const openedAt = performance.now();
      const look = setInterval(() => {
        const now = performance.now();
        const { totalVideoFrames } = video.getVideoPlaybackQuality();
        if (totalVideoFrames > before) {
          total += totalVideoFrames - before;
          longestPauseMs = Math.max(longestPauseMs, now - (lastFrameAt ?? now));
          lastFrameAt = now;
          before = totalVideoFrames;
          setText(frames, String(total));
          setText(pause, `${(longestPauseMs / 1000).toFixed(1)} s`);
        }
        const wasPlaying = before > 0;
        if (video.srcObject !== stream || (wasPlaying && now - (lastFrameAt ?? openedAt) > STALL_MS)) {
          clearInterval(look);
          end();
        }
      }, LOOK_MS);
    },
  };
}
