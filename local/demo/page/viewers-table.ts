import { byId, element, setChildren } from './dom.ts';
import type { Outcome, ViewerState } from './viewers.ts';
import { duration } from './words.ts';

const outcomeWords: Readonly<Record<Outcome, string>> = {
  first: 'the first token',
  fallback: 'its fallback',
  fresh: 'a fresh token',
  rejected: 'rejected',
  unavailable: 'no server decided',
};

/** What each viewer holds, and how its last connection went. */
export interface ViewersTable {
  readonly take: (viewer: ViewerState) => void;
  readonly clear: () => void;
}

/** @param toneOf the colour of a secret's version, by its `kid` */
export function createViewersTable(toneOf: (kid: string) => string): ViewersTable {
  const states = new Map<string, ViewerState>();

  const row = ({ name, kid, since, outcome, words }: ViewerState): HTMLTableRowElement => {
    const head = element('th', '', name);
    head.scope = 'row';
    const chip = kid === undefined ? '' : element('span', `chip ${toneOf(kid)}`, kid);
    const age = duration((performance.now() - since) / 1000);
    const how = outcome === undefined ? '' : outcomeWords[outcome];
    return element(
      'tr',
      '',
      head,
      element('td', '', chip),
      element('td', '', age),
      element('td', '', words === '' ? how : `${how}: ${words}`),
    );
  };

  return {
    take(viewer) {
      states.set(viewer.name, viewer);
      setChildren(byId('viewers'), [...states.values()].map(row));
    },
    clear() {
      states.clear();
      byId('viewers').replaceChildren();
    },
  };
}
