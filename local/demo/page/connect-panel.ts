import { StreamPassError, type StreamPass, type StreamPassOptions } from 'streampass-client';
import { connect as connectWithToken } from 'streampass-client/connect';
import { titleOf, type Asked } from './asked.ts';
import { kidOfToken } from './claims.ts';
import { createCounts } from './counts.ts';
import { byId, quote, setText, showNotice } from './dom.ts';
import { connectAsClient, countNodes, present, protocolOf } from './media-server.ts';
import { onOneNode } from './one-node.ts';
import { Refused } from './refusal.ts';
import { outcomeOf, startViewers, type ViewerState } from './viewers.ts';
import { createViewersTable } from './viewers-table.ts';

/** A token that is held, and what it was asked for. */
export interface Session {
  readonly asked: Asked;
  /** The actions that were granted, by target. */
  readonly scopes: ReadonlyMap<string, string>;
  readonly pass: StreamPass;
  /** For viewers of their own. */
  readonly options: StreamPassOptions;
}

/** What is told of a rotation: that it has ended, or that the secret was replaced at once. */
export type RotationEvent = 'ended' | 'emergency';

/** The connections: one at a press, or a small fleet that keeps connecting. */
export interface ConnectPanel {
  /** A token for this is held, or none any more. */
  readonly use: (session: Session | undefined) => void;
  /** What the form says now: a connection is tried for that, with the token that is held. */
  readonly retarget: (asked: Asked) => void;
  /** Once a second. */
  readonly tick: () => void;
  /** Says how a rotation or an emergency goes for those who stay connected. */
  readonly tellRotation: (event: RotationEvent) => void;
}

const offeredWords = {
  first: 'by the first token',
  'first-fallback': 'by its fallback',
  fresh: 'by a fresh token',
  'fresh-fallback': "by a fresh token's fallback",
};

const happened: Readonly<Record<RotationEvent, string>> = {
  ended: 'The rotation has ended',
  emergency: 'The secret was replaced at once',
};

/** The panel where the page connects to media servers, once or again and again. @param toneOf the colour of a key */
export function createConnectPanel(toneOf: (kid: string) => string): ConnectPanel {
  const connect = byId<HTMLButtonElement>('connect');
  const stay = byId<HTMLButtonElement>('stay');
  const notice = byId('connect-notice');
  const counts = createCounts();
  const table = createViewersTable(toneOf);
  let session: Session | undefined;
  let selected: Asked | undefined;
  let staying: AbortController | undefined;
  let rotation: RotationEvent | undefined;
  /** Of the server that turned a viewer away last. */
  let refusalWords = '';

  const showState = (): void => {
    if (selected === undefined) return;
    const { target } = selected.server;
    const usable = session?.asked.audiences.includes(target) === true ? session : undefined;
    connect.disabled = usable === undefined;
    // Those viewers have sessions of their own, for the first server of an exchange.
    stay.disabled = usable?.asked.server.target !== target && staying === undefined;
    stay.ariaPressed = String(staying !== undefined);
    const how =
      usable === undefined
        ? `Get a token for ${titleOf(selected.server)} first.`
        : `With the held token${forOther(usable.asked, selected)}: ${describe(selected, actionOf(selected, usable.scopes.get(target)))}. ` +
          'Choose another room or role above to see what it is not good for.';
    setText(byId('connect-how'), how);
  };

  const connectOnce = async (): Promise<void> => {
    if (session === undefined || selected === undefined) return;
    const asked = selected;
    const { target } = asked.server;
    const action = actionOf(asked, session.scopes.get(target));
    connect.disabled = true;
    try {
      const server = asked.server.url;
      const { pass } = session;
      const { offered, words } = await onOneNode(await countNodes(server), (node) =>
        connectWithToken(
          pass,
          async (token, offered) => ({
            offered,
            words: await connectAsClient(server, asked, action, token, node),
          }),
          {
            audience: target,
            isRefusal: (error) => error instanceof Refused,
            signal: AbortSignal.timeout(20_000),
          },
        ),
      );
      counts.add(outcomeOf[offered]);
      showNotice(notice, 'good', `${titleOf(asked.server)} let you in ${offeredWords[offered]}`, words);
    } catch (error) {
      if (error instanceof StreamPassError && error.kind === 'refused') counts.add('rejected');
      showRefusal(titleOf(asked.server), error);
    }
    showState();
  };

  const showRefusal = (server: string, error: unknown): void => {
    if (error instanceof StreamPassError && error.refusals.length > 0) {
      const words = [...new Set(error.refusals.map(({ message }) => message))];
      showNotice(notice, 'bad', `${server} turned you away, in its own words`, ...words.map(quote));
    } else {
      showNotice(
        notice,
        'warn',
        'No connection',
        quote(error instanceof Error ? error.message : String(error)),
      );
    }
  };

  const stopStaying = (): void => {
    staying?.abort();
    staying = undefined;
    showState();
  };

  const startStaying = async ({ asked, scopes, options }: Session): Promise<void> => {
    const server = asked.server.url;
    const title = titleOf(asked.server);
    const abort = new AbortController();
    staying = abort;
    showState();
    const nodes = await countNodes(server);
    if (abort.signal.aborted) return;
    counts.reset();
    rotation = undefined;
    table.clear();
    byId('strip-figure').hidden = false;
    byId('viewers-region').hidden = false;
    const action = actionOf(asked, scopes.get(asked.server.target));
    startViewers(
      {
        pass: { ...options, audience: asked.server.target },
        present: (token, node) => present(server, asked, action, token, node),
        nodes,
        kidOf: kidOfToken,
        onConnection(viewer: ViewerState) {
          if (viewer.outcome !== undefined) counts.add(viewer.outcome);
          if (viewer.outcome === 'rejected') refusalWords = viewer.words;
          table.take(viewer);
          tellConnections(title);
        },
        onDenied(error) {
          if (staying === abort) stopStaying();
          showNotice(notice, 'warn', 'The viewers stopped, because the API refuses', quote(error.message));
        },
      },
      abort.signal,
    );
    tellConnections(title);
  };

  /** Told anew with each connection: an emergency turns viewers away for a while, and the counts go on. */
  const tellConnections = (server: string): void => {
    const { first, fallback, fresh, rejected } = counts.total();
    if (rotation === undefined && rejected === 0) {
      return showNotice(notice, 'good', `Four viewers connect to ${server} every second`);
    }
    const isEmergency = rotation === 'emergency';
    showNotice(
      notice,
      rejected > 0 ? 'bad' : isEmergency ? 'warn' : 'good',
      `${rotation === undefined ? 'Four viewers connect' : happened[rotation]}: ${rejected} rejected`,
      ...(isEmergency ? ['The servers refuse each token that the old secret signed.'] : []),
      ...(rejected > 0 ? [quote(refusalWords)] : []),
      `${first + fallback + fresh} connections, ${fallback} of them by a fallback token.`,
    );
  };

  connect.addEventListener('click', () => void connectOnce());
  stay.addEventListener('click', () => {
    if (staying !== undefined) {
      stopStaying();
      notice.replaceChildren();
    } else if (session !== undefined) {
      const server = titleOf(session.asked.server);
      startStaying(session).catch((error: unknown) => {
        stopStaying();
        showRefusal(server, error);
      });
    }
  });

  return {
    use(used) {
      if (staying !== undefined) stopStaying();
      notice.replaceChildren();
      session = used;
      showState();
    },
    retarget(asked) {
      selected = asked;
      showState();
    },
    tick() {
      if (staying !== undefined) counts.tick();
    },
    tellRotation(event) {
      if (staying === undefined || session === undefined) return;
      rotation = event;
      tellConnections(titleOf(session.asked.server));
    },
  };
}

const actionsByRank = ['moderate', 'publish', 'join', 'subscribe', 'report'];

/** The most that was asked for, or granted where all was asked for. */
function actionOf({ scope }: Asked, granted = ''): string {
  const words = (scope ?? granted).split(' ');
  return actionsByRank.find((action) => words.includes(action)) ?? granted;
}

/** Said where the form asks for another room by now. */
function forOther(held: Asked, selected: Asked): string {
  if (held.room === selected.room) return '';
  return `, which is for ${held.room === undefined ? 'any room' : `room ${held.room}`}`;
}

function describe(asked: Asked, action: string): string {
  const room =
    asked.server.kind === 'rtcstats' ? '' : asked.room === undefined ? ', any room' : `, room ${asked.room}`;
  return `${titleOf(asked.server)}${room}, to ${action}, by ${protocolOf(asked, action)}`;
}
