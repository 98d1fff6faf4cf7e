import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { writeDefaultConfigFile } from '../../../local/media-servers/config-templates.ts';
import type { MediaServerKind } from '../../../local/media-servers/rules/index.ts';
import { startMediaServer, type MediaServer } from '../../../local/media-servers/start-media-server.ts';
import { now, secret } from './token-text.ts';

/** A folder that ends with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'media-servers-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A server of several nodes with the default files, which ends with the test. */
export async function startServer(
  kind: MediaServerKind,
  { secrets = [secret, secret], downtimeMs = 0 }: { secrets?: readonly string[]; downtimeMs?: number } = {},
): Promise<MediaServer & { readonly files: readonly string[] }> {
  const folder = await temporaryFolder();
  const files = secrets.map((_secret, index) => join(folder, `node-${index}`, 'config'));
  await Promise.all(
    files.map((file, index) => writeDefaultConfigFile(kind, file, { secret: secrets[index] ?? '' })),
  );
  const server = await startMediaServer({ kind, port: 0, files, now: () => now, downtimeMs });
  onTestFinished(() => server.close());
  return { ...server, files };
}

/** Gives a file another secret, as a rotation or an operator does. */
export async function writeSecret(kind: MediaServerKind, file: string, text: string): Promise<void> {
  await rm(file, { force: true });
  await writeDefaultConfigFile(kind, file, { secret: text });
}

/** Writes any text. */
export const writeText = (file: string, text: string) => writeFile(file, text);

/** `POST /connect`. */
export async function connect(server: MediaServer, body: unknown, query = '') {
  const response = await fetch(`${server.url}/connect${query}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
