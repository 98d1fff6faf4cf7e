import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runEncoder } from '../../../cli/stream-url/run-encoder.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-encoder-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a shell program, and stops it once it has made the file that it is told. */
async function runAndStop(program: string, graceMs: number): Promise<{ ended: string; file: string }> {
  const file = join(folder, String(graceMs));
  const stop = new AbortController();
  const env = { PATH: process.env['PATH'], FILE: file };
  const ended = runEncoder(['sh', '-c', program], env, stop.signal, graceMs);
  await vi.waitUntil(() => existsSync(file), { timeout: 10_000 });
  stop.abort('SIGTERM');
  return { ended: await ended, file };
}

test('how the encoder ended is told', async () => {
  const never = new AbortController().signal;
  expect(await runEncoder(['sh', '-c', 'exit 3'], { PATH: process.env['PATH'] }, never)).toBe(
    'sh ended with 3',
  );
});

test('what a shell started gets the signal too', async () => {
  const child = `trap 'echo stopped >> "$FILE"; exit 0' TERM; echo up > "$FILE"; while :; do sleep 0.05; done`;
  const { file } = await runAndStop(`(${child}) | cat`, 9000);
  await vi.waitUntil(async () => (await readFile(file, 'utf8')) === 'up\nstopped\n', { timeout: 10_000 });
  expect(await readFile(file, 'utf8')).toBe('up\nstopped\n');
});

test('an encoder that does not heed the signal is killed', async () => {
  const { ended } = await runAndStop(`trap '' TERM; echo up > "$FILE"; while :; do sleep 0.05; done`, 100);
  expect(ended).toBe('sh ended with SIGKILL');
});
