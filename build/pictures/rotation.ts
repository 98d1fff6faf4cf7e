import { rehearse, type Stretch } from '../../cli/rehearse/rehearse.ts';
import { hours, minutes, red5 } from '../../lib/config/index.ts';
import { resolveConfig } from '../../lib/config/resolve-config.ts';
import { box, label, picture, rectangle } from './svg.ts';

const NODES = 4;
/** Where each phase begins, and where the last one ends. Not to scale: a push takes minutes, the others hours. */
const COLUMNS = { steady: 150, announced: 270, pushing: 480, promoted: 690, end: 880 } as const;
/** Each node is out while it is reloaded, one after another. */
const RELOAD = 26;

/** As in the configuration that ships. */
const DEFINITION = {
  issuers: [],
  targets: { red5: red5({ issuer: 'streampass', longestToken: minutes(59) }) },
  grants: [{ group: 'broadcasters', target: 'red5', actions: ['publish'], rooms: ['*'], ttl: hours(1) }],
};

/** What tokens and servers hold while a secret is replaced, with the times of a rehearsal. */
export async function rotation(): Promise<string> {
  const { config, problems } = resolveConfig(DEFINITION, { stage: 'docs', env: {} });
  const target = config.targets['red5'];
  if (target === undefined) throw new Error(JSON.stringify(problems));
  const options = { start: 1_900_000_020, nodes: NODES, reloadSeconds: 30, faults: false };
  const rehearsal = await rehearse(
    'red5',
    { ...target, fleet: { by: 'files', files: ['-'] } },
    config,
    options,
  );
  const { steady, announced, pushing, promoted, end } = COLUMNS;
  const time = (phase: string): string =>
    durationOf(rehearsal.stretches.filter((stretch) => stretch.phase === phase));
  const bar = (kind: string, y: number, from: number, to: number, text: string): string =>
    [
      rectangle(kind, [from, y], to - from, 28),
      label([(from + to) / 2, y + 19], text, { at: 'middle' }),
    ].join('\n');
  const nodeRow = (index: number): string => {
    const y = 190 + index * 38;
    const out = pushing + 24 + index * 44;
    return [
      label([20, y + 19], `node ${index + 1} holds`),
      bar('one', y, steady, out, 'v1'),
      rectangle('none', [out, y], RELOAD, 28),
      bar('two', y, out + RELOAD, end, 'v2'),
    ].join('\n');
  };
  return picture(
    900,
    380,
    'A rotation: the new secret v2 is announced, and each answer holds a second token under it. When all live tokens have one, the nodes get v2 one after another. Then v2 signs, and v1 stays as the fallback for a while.',
    [
      box('area', [steady, 14], announced - steady - 4, 48, ['steady', 'v1']),
      box('area', [announced, 14], pushing - announced - 4, 48, ['announced', time('announced')]),
      box('area', [pushing, 14], promoted - pushing - 4, 48, ['pushing', time('pushing')]),
      box('area', [promoted, 14], end - promoted, 48, ['promoted', time('promoted')]),
      label([20, 99], 'access_token'),
      bar('one', 80, steady, promoted, 'signed with v1'),
      bar('two', 80, promoted, end, 'signed with v2'),
      label([20, 137], 'fallback_token'),
      bar('two', 118, announced, promoted, 'signed with v2'),
      bar('one', 118, promoted, end, 'signed with v1'),
      ...Array.from({ length: NODES }, (_, index) => nodeRow(index)),
      label(
        [20, 364],
        `Red5 Pro with the rules of the example, ${NODES} nodes: ${rehearsal.connections.toLocaleString('en')} connections tried, ${rehearsal.refused} refused. Not to scale.`,
      ),
    ],
  );
}

function durationOf(stretches: readonly Stretch[]): string {
  const seconds = stretches.reduce((sum, { from, to }) => sum + to - from, 0);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.round((seconds % 3600) / 60)];
  return [hours > 0 ? `${hours} h` : '', minutes > 0 ? `${minutes} min` : ''].join(' ').trim();
}
