import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/**
 * The SHA-256 of each file of the repository that is in these bundles. `infra/deployment.cjs` compares them, so that nobody
 * deploys what was built before the last change.
 */
export async function sourcesOf(
  root: string,
  metafiles: readonly Metafile[],
): Promise<Readonly<Record<string, string>>> {
  const files = new Set(metafiles.flatMap(({ inputs }) => Object.keys(inputs)));
  const own = [...files].filter((file) => !/(^|\/)node_modules\/|^[\w-]+:/.test(file)).toSorted();
  return Object.fromEntries(
    await Promise.all(
      own.map(async (file) => {
        const text = await readFile(join(root, file));
        return [file, createHash('sha256').update(text).digest('hex')] as const;
      }),
    ),
  );
}
