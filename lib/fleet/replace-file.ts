import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A file that cannot be read or replaced; the message is one line and holds nothing of its content. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';
}

/**
 * Reads a regular file. A symbolic link is refused, because replacing it would either leave the file behind it as it was
 * or turn the link into a file: the configuration has to name the file itself.
 *
 * @throws {FileProblem} in one line what is wrong with it
 */
export async function readRegularFile(file: string): Promise<Buffer> {
  try {
    const { isLink, isFile } = await kindOf(file);
    if (isLink) throw new FileProblem('is a symbolic link: name the file itself');
    if (!isFile) throw new FileProblem('is no regular file');
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw toProblem(error, 'cannot be read');
  }
}

/**
 * Replaces a file's bytes: at any moment, also after a crash, it is either the old one or the new one, of the same mode and
 * owner, whoever else replaces it meanwhile. A file without any write bit was locked on purpose and stays.
 *
 * @throws {FileProblem} in one line what kept it from being replaced
 */
export async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryName(file);
  try {
    const { mode, uid, gid } = await lstat(file);
    if ((mode & 0o222) === 0) throw new FileProblem('is read-only');
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      const made = await handle.stat();
      if (made.uid !== uid || made.gid !== gid) await handle.chown(uid, gid);
      await handle.chmod(mode & 0o7777);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw toProblem(error, 'cannot be replaced');
  }
}

/**
 * Beside the file, and not ending as it does, so that no server includes it. No two are the same: of two invocations, one
 * would put the other's half-written file in place.
 */
function temporaryName(file: string): string {
  return join(dirname(file), `.${basename(file)}.streampass-new-${randomUUID()}`);
}

/**
 * Removes what killed invocations left beside these files, for it holds a secret. One that is at work at this very moment
 * loses its temporary file and nothing else: it reports a problem and is gone on with.
 */
export async function removeLeftovers(files: readonly string[]): Promise<void> {
  const ours = new Set(files.map((file) => join(dirname(file), `.${basename(file)}.streampass-new`)));
  for (const folder of new Set(files.map((file) => dirname(file)))) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names) {
      const path = join(folder, name);
      if (ours.has(path.replace(/-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, '')))
        await rm(path, { force: true }).catch(() => undefined);
    }
  }
}

/** Makes the names in a file's folder last. */
export async function syncFolder(file: string): Promise<void> {
  const folder = await open(dirname(file), constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function kindOf(file: string): Promise<{ isLink: boolean; isFile: boolean }> {
  const found = await lstat(file);
  return { isLink: found.isSymbolicLink(), isFile: found.isFile() };
}

function toProblem(error: unknown, what: string): FileProblem {
  if (error instanceof FileProblem) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'is missing',
    EACCES: `${what}: permission denied`,
    EPERM: `${what}: permission denied`,
    EROFS: `${what}: the file system is read-only`,
    ENOSPC: `${what}: no space is left`,
    ELOOP: 'is a symbolic link: name the file itself',
  };
  return new FileProblem(known[code] ?? `${what} (${code})`);
}
