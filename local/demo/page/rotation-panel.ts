import type { DemoServer } from '../demo-config.ts';
import { titleOf } from './asked.ts';
import type { RotationEvent } from './connect-panel.ts';
import { byId, element, setChildren, setText, showNotice } from './dom.ts';
import { createLanes } from './lanes.ts';
import { askRotation, type NodeReport, type RotationAction, type TargetReport } from './rotation-report.ts';
import { noteSeen, timelineEntries, type Seen } from './timeline.ts';
import { kidOf, nodeName, timeOrDate } from './words.ts';

/** Between two looks at the rotation, in milliseconds. */
const lookMs = { underWay: 1000, steady: 3000 };

/** The rotation as it is seen from the page. */
export interface RotationPanel {
  /** Shows another target; all of them rotate. */
  readonly show: (server: DemoServer) => void;
  /** Once a second: moves the times on. */
  readonly tick: () => void;
  /** The colour of a secret's version: neighbours in time differ. */
  readonly toneOf: (kid: string) => string;
  /** Which versions sign the token that is held and its fallback, by their `kid`; none is held, if left out. */
  readonly useToken: (signedBy?: { readonly token: string; readonly fallback: string | undefined }) => void;
}

/** @param onEvent told when the shown target's rotation has ended, or its secret was replaced at once */
export function createRotationPanel(
  first: DemoServer,
  onEvent: (event: RotationEvent) => void,
): RotationPanel {
  let server = first;
  let reports: Readonly<Record<string, TargetReport>> = {};
  let timer: number | undefined;
  let looking = false;
  /** Why the last button changed nothing; shown until the next one. */
  let refused: string | undefined;
  const seen = new Map<string, Seen>();
  const seenOf = (name: string): Seen => seen.get(name) ?? new Map();
  const kids: string[] = [];
  const problem = byId('rotation-problem');

  const toneOf = (kid: string): string => {
    if (!kids.includes(kid)) kids.push(kid);
    return `tone-${kids.indexOf(kid) % 2}`;
  };

  const take = (taken: Readonly<Record<string, TargetReport>>): void => {
    reports = taken;
    problem.replaceChildren();
    for (const [name, { phase, current, fallback }] of Object.entries(taken)) {
      // In the order in which they were made, so that the colours of neighbours differ.
      const made = phase === 'promoted' ? [fallback, current] : [current, fallback];
      if (name === server.target) for (const version of made) if (version) toneOf(kidOf(version));
      const before = seenOf(name);
      const after = noteSeen(before, phase, Date.now());
      seen.set(name, after);
      if (name === server.target && after !== before && phase === 'steady') onEvent('ended');
    }
    draw();
  };

  const lanes = createLanes(toneOf);
  let signedBy: { readonly token: string; readonly fallback: string | undefined } | undefined;
  const noteLanes = (): void => {
    const nodes = reports[server.target]?.nodes ?? [];
    lanes.note(
      new Map([
        ['token', signedBy?.token],
        ['its fallback', signedBy?.fallback],
        ...nodes.map(({ node, holds }): [string, string | undefined] => [
          nodeName(node),
          holds === null ? undefined : holds.split(' ').map(kidOf).join(' '),
        ]),
      ]),
    );
  };

  const draw = (): void => {
    setText(byId('nodes-of'), titleOf(server));
    const report = reports[server.target];
    if (report === undefined) return;
    setText(byId('rotation-now'), sentenceOf(report));
    setChildren(byId('timeline'), timelineEntries(report, seenOf(server.target), Date.now()));
    setChildren(
      byId('nodes'),
      report.nodes.map((node) => nodeEntry(node, report)),
    );
    byId<HTMLButtonElement>('rotation-start').disabled = report.phase !== 'steady';
    byId<HTMLButtonElement>('rotation-emergency').disabled = false;
    byId<HTMLButtonElement>('rotation-abort').disabled = !['announced', 'pushing'].includes(report.phase);
    for (const words of report.problems ?? []) showNotice(problem, 'warn', 'Look at this', words);
    if (refused !== undefined) showNotice(problem, 'warn', 'Nothing was changed', refused);
  };

  const nodeEntry = ({ node, holds, problem: words }: NodeReport, report: TargetReport): HTMLLIElement => {
    const versions = (holds ?? '').split(' ').filter((version) => version !== '');
    const chips = versions.map((version) => {
      const kid = kidOf(version);
      return element('span', `chip ${toneOf(kid)}`, `${kid} · ${wordOf(version, report)}`);
    });
    return element(
      'li',
      words === undefined ? '' : 'bad',
      element('span', '', nodeName(node)),
      ...(chips.length > 0 ? chips : [element('span', 'chip', 'not known')]),
      ...(words === undefined ? [] : [element('span', 'problem', words)]),
    );
  };

  const look = async (action?: RotationAction): Promise<void> => {
    clearTimeout(timer);
    if (looking && action === undefined) return;
    looking = true;
    try {
      const { target } = server;
      const taken = await askRotation(action, target);
      if (action !== undefined) {
        const next = taken[target]?.next;
        refused = next?.step === 'refuse' ? next.why : undefined;
      }
      take(taken);
      if (action === 'emergency' && refused === undefined) onEvent('emergency');
    } catch (error) {
      showNotice(problem, 'bad', 'The rotation cannot be seen', messageOf(error));
    }
    looking = false;
    clearTimeout(timer);
    const steady = Object.values(reports).every(({ phase }) => phase === 'steady');
    timer = window.setTimeout(() => void look(), steady ? lookMs.steady : lookMs.underWay);
  };

  byId('rotation-start').addEventListener('click', () => void look('start'));
  byId('rotation-abort').addEventListener('click', () => void look('abort'));
  const dialog = byId<HTMLDialogElement>('emergency');
  byId('rotation-emergency').addEventListener('click', () => {
    dialog.returnValue = '';
    dialog.showModal();
  });
  dialog.addEventListener('close', () => {
    if (dialog.returnValue === 'replace') void look('emergency');
  });
  void look();

  return {
    show(shown) {
      if (shown.target !== server.target) lanes.clear();
      server = shown;
      draw();
    },
    tick() {
      const report = reports[server.target];
      if (report !== undefined) {
        setChildren(byId('timeline'), timelineEntries(report, seenOf(server.target), Date.now()));
        noteLanes();
      }
    },
    toneOf,
    useToken(used) {
      signedBy = used;
    },
  };
}

/** What a version is at this moment. */
function wordOf(version: string, { phase, current, fallback }: TargetReport): string {
  if (phase === 'steady') return version === current ? 'current' : 'old';
  const isNewer = (version === current) === (phase === 'promoted');
  return [current, fallback].includes(version) ? (isNewer ? 'new' : 'old') : 'other';
}

function sentenceOf({ phase, next }: TargetReport): string {
  const due = next.at === undefined ? '' : ` Until ${timeOrDate(Date.parse(next.at), Date.now())}.`;
  // In a rotation this is how it goes; in steady times it is something to look at.
  const takesTurn = next.reason === 'nodes_lack_version' && phase !== 'steady';
  const why = takesTurn ? 'One node after another takes the secret of this phase.' : next.why;
  return `${phase[0]?.toUpperCase() ?? ''}${phase.slice(1)}. ${why}${due}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
