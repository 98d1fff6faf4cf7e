/**
 * `npm run bench:page`: runs every benchmark and puts what each prints, and both charts, into docs/performance.md. Names after
 * `--` run those alone. Takes about an hour; let nothing else run beside it.
 */

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { BENCHMARKS } from './benchmarks.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'docs/performance.md');

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(', ')}. Known are ${Object.keys(BENCHMARKS).join(', ')}.`,
  );
  process.exit(1);
}
for (const name of asked.length > 0 ? asked : Object.keys(BENCHMARKS)) {
  console.error(`${name} …`);
  const loadBefore = loadavg()[0] ?? Number.NaN;
  const [script = '', ...args] = BENCHMARKS[name] ?? [];
  const { stdout } = await promisify(execFile)(process.execPath, [join('bench', script), ...args], {
    cwd: ROOT,
    maxBuffer: 64 * 1024 * 1024,
  });
  await putIntoPage(name, `${stdout.trim()}\n\n${whereAndWhen(loadBefore)}`);
}

/** Which machine, and how noisy it was. */
function whereAndWhen(loadBefore: number): string {
  const model = cpus()[0]?.model.trim();
  const load = [loadBefore, loadavg()[0] ?? Number.NaN].map((value) => value.toFixed(1));
  return (
    `_Measured on ${new Date().toISOString().slice(0, 10)} with Node ${process.version} on ${process.platform} ${process.arch}, ` +
    `${availableParallelism()} × ${model}; load ${load[0]} before and ${load[1]} at the end._`
  );
}

async function putIntoPage(name: string, markdown: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [begin, end] = [`<!-- bench: ${name} -->`, `<!-- end: ${name} -->`];
  const [at, until] = [page.indexOf(begin), page.indexOf(end)];
  if (at === -1 || until < at) throw new Error(`${PAGE} has no part between ${begin} and ${end}`);
  const changed = `${page.slice(0, at)}${begin}\n\n${markdown}\n\n${page.slice(until)}`;
  await writeFile(PAGE, await format(changed, { ...(await resolveConfig(PAGE)), filepath: PAGE }));
}
