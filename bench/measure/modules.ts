import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Built } from '../contestants.ts';
import { coldStart } from './cold.ts';
import type { ColdStart } from './cold.ts';

/** One node of a CPU profile, as V8 writes it. */
interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

/** The packages that fill a bundle, largest first, as a table. */
export function largestInputs({ inputs }: Built): string {
  const bytes = new Map<string, number>();
  for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? 'streampass';
    bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
  }
  return toTable(['package', 'KiB'], bytes, (value) => (value / 1024).toFixed(1));
}

/** Where the CPU of a cold start goes: the bundle's own functions, and Node's by module; as a table. */
export async function profileOf(start: ColdStart, folder: string): Promise<string> {
  const nodeOptions = ['--cpu-prof', '--cpu-prof-interval=100', `--cpu-prof-dir=${folder}`];
  await coldStart({ ...start, nodeOptions });
  const file = (await readdir(folder)).find((name) => name.endsWith('.cpuprofile')) ?? '';
  const profile = JSON.parse(await readFile(join(folder, file), 'utf8')) as Profile;
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const millis = new Map<string, number>();
  for (const [index, id] of profile.samples.entries()) {
    const { url = '', functionName = '' } = nodes.get(id)?.callFrame ?? {};
    const origin = url.startsWith('node:') ? url : url === '' ? functionName : 'the bundle';
    millis.set(origin, (millis.get(origin) ?? 0) + (profile.timeDeltas[index] ?? 0) / 1000);
  }
  return toTable(['origin', 'ms'], millis, (value) => value.toFixed(1));
}

const ROWS = 25;

function toTable(
  head: readonly string[],
  values: ReadonlyMap<string, number>,
  show: (value: number) => string,
): string {
  const rows = [...values].sort(([, a], [, b]) => b - a).slice(0, ROWS);
  return [head, head.map(() => '---'), ...rows.map(([name, value]) => [name, show(value)])]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
    .concat('\n');
}
