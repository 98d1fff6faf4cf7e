import { createHash, randomUUID } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { assertSameExtraRights } from './extra-rights.ts';
import { FileProblem, MISSING, NOT_REGULAR, toFileProblem } from './file-problem.ts';
import { isMounted } from './mounts.ts';
import { openFolderOf, type OpenFolder } from './open-folder.ts';

/** A file as it was at one moment. */
export interface SeenFile {
  readonly bytes: Buffer;
  /** Different after each write of the file, even of the same bytes. */
  readonly identity: string;
  /** A problem of a file that can still be read. */
  readonly problems: readonly string[];
}

/** The files of one node: its config and the note that streampass keeps beside it. Each rejects with a `FileProblem`. */
export interface NodeFiles {
  read(file: string): Promise<SeenFile>;
  /** Replaces the file that was read; resolves with the new identity, rejects if the file has changed since. */
  replace(file: string, seen: string, bytes: Uint8Array): Promise<string>;
  /** The note beside it; `undefined` if there is none. */
  readNote(file: string): Promise<string | undefined>;
  writeNote(file: string, note: string): Promise<void>;
}

/** The problem of a file that is mounted without its folder. */
export const MOUNTED =
  'is mounted by itself, so its server would keep the old file: mount its folder instead';

const MOST_BYTES = 4 * 1024 * 1024;
/** A temporary file exists for milliseconds; one that is older than the last change of its folder was left by a killed run. */
const LEFT_OVER_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

/** The files, with the rights of this process; `openFolder` opens the folder of a file. */
export const filesIn = (openFolder: typeof openFolderOf): NodeFiles => ({
  async read(file) {
    return inFolder(openFolder, file, 'cannot be read', async (folder) => {
      await removeLeftovers(folder, basename(file));
      await using opened = await openRegular(folder, basename(file));
      return await seen(opened);
    });
  },
  async replace(file, identity, bytes) {
    return inFolder(openFolder, file, 'cannot be replaced', (folder) =>
      replaceIn(folder, basename(file), identity, bytes),
    );
  },
  async readNote(file) {
    return inFolder(openFolder, file, `${noteOf(file)} beside it cannot be read`, async (folder) => {
      const opened = await openRegular(folder, noteOf(file)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw new FileProblem(`${noteOf(file)} beside it ${toFileProblem(error, 'cannot be read').message}`);
      });
      if (opened === undefined) return undefined;
      await using note = opened;
      return (await note.readFile()).toString('utf8');
    });
  },
  async writeNote(file, note) {
    await inFolder(openFolder, file, 'its folder cannot be written', async (folder) => {
      const temporary = temporaryName(file);
      try {
        await using made = await openNew(folder, temporary);
        await made.writeFile(note);
        await made.sync();
        await rename(folder.at(temporary), folder.at(noteOf(file)));
        await folder.sync();
      } catch (error) {
        await rm(folder.at(temporary), { force: true }).catch(() => undefined);
        throw error;
      }
    });
  },
});

/** The files, in folders that are opened for each piece of work. */
export const ownFiles = filesIn(openFolderOf);

/**
 * A file that only root and this process's user can change, as is required of settings that name commands; `undefined` if it
 * does not exist.
 *
 * @throws {FileProblem} somebody else can change it
 */
export async function readTrustedFile(file: string): Promise<string | undefined> {
  return inFolder(openFolderOf, file, 'cannot be read', async (folder) => {
    const me = process.geteuid?.() ?? 0;
    await using opened = await openRegular(folder, basename(file));
    const { uid, mode } = await opened.stat();
    const isOurs = [folder.uid, uid].every((owner) => owner === 0 || owner === me);
    if (!isOurs || (mode & 0o022) !== 0)
      throw new FileProblem('can be changed by another user: give it to root, mode 600');
    return (await opened.readFile()).toString('utf8');
  }).catch((error: unknown) => {
    if (error instanceof FileProblem && error.message === MISSING) return undefined;
    throw error;
  });
}

/** The name of the note beside a file. It has another ending than the file, so that no server includes it. */
function noteOf(file: string): string {
  return `.${basename(file)}.streampass-reload`;
}

/** Each name is different. With the same name, one run could install the other's half-written file. */
function temporaryName(file: string): string {
  return `.${basename(file)}.streampass-new-${randomUUID()}`;
}

async function inFolder<Result>(
  openFolder: typeof openFolderOf,
  file: string,
  what: string,
  work: (folder: OpenFolder) => Promise<Result>,
): Promise<Result> {
  try {
    await using folder = await openFolder(file);
    return await work(folder);
  } catch (error) {
    throw toFileProblem(error, what);
  }
}

/** Never follows a link, never waits for a pipe's writer, never reads a device. */
async function openRegular(folder: OpenFolder, name: string): Promise<FileHandle> {
  const opened = await open(
    folder.at(name),
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  );
  try {
    const { size } = await regular(opened);
    if (size > MOST_BYTES) throw new FileProblem(`is longer than ${MOST_BYTES} bytes`);
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function regular(opened: FileHandle): Promise<BigIntStats> {
  const found = await opened.stat({ bigint: true });
  if (!found.isFile()) throw new FileProblem(NOT_REGULAR);
  if (found.nlink !== 1n)
    throw new FileProblem('has a second hard link, under which the old file would stay: remove the link');
  return found;
}

function openNew(folder: OpenFolder, name: string): Promise<FileHandle> {
  return open(
    folder.at(name),
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
}

async function seen(opened: FileHandle): Promise<SeenFile> {
  const bytes = await opened.readFile();
  const found = await opened.stat({ bigint: true });
  const isOpen = (found.mode & 0o004n) !== 0n && process.platform !== 'win32';
  return {
    bytes,
    identity: identityOf(found, bytes),
    problems: isOpen ? ['can be read by every user of the machine: chmod o-r'] : [],
  };
}

function identityOf({ ino, mtimeNs }: BigIntStats, bytes: Uint8Array): string {
  return `${ino}.${mtimeNs}.${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
}

/**
 * At any moment, also after a kill, the name refers to the whole old file or the whole new one, with the same owner, group
 * and mode. A change by another process is noticed.
 */
async function replaceIn(
  folder: OpenFolder,
  name: string,
  identity: string,
  bytes: Uint8Array,
): Promise<string> {
  const path = folder.path === '/' ? `/${name}` : `${folder.path}/${name}`;
  const temporary = temporaryName(name);
  await using before = await openRegular(folder, name);
  const { uid, gid, mode } = await before.stat();
  if ((mode & 0o222) === 0) throw new FileProblem('is read-only: chmod u+w');
  if (process.platform === 'linux' && (await isMounted(path))) throw new FileProblem(MOUNTED);
  try {
    await using made = await openNew(folder, temporary);
    await made.writeFile(bytes);
    const fresh = await made.stat();
    if (fresh.uid !== uid || fresh.gid !== gid) await keepOwner(made, uid, gid);
    await made.chmod(mode & 0o777);
    await assertSameExtraRights(before, made);
    await made.sync();
    const written = await made.stat({ bigint: true });
    if ((await seen(before)).identity !== identity || !(await isStill(folder, name, before)))
      throw new FileProblem('was changed by somebody else at this moment: the next run tries again');
    await rename(folder.at(temporary), folder.at(name));
    await folder.sync();
    return identityOf(written, bytes);
  } catch (error) {
    await rm(folder.at(temporary), { force: true }).catch(() => undefined);
    throw error;
  }
}

async function keepOwner(made: FileHandle, uid: number, gid: number): Promise<void> {
  await made.chown(uid, gid).catch(() => {
    const { euid, egid } = { euid: process.geteuid?.(), egid: process.getegid?.() };
    throw new FileProblem(
      `belongs to user ${uid} and group ${gid}, which user ${euid} of group ${egid} cannot give to a new file: ` +
        'give the file the owner and the group of its folder',
    );
  });
}

async function isStill(folder: OpenFolder, name: string, opened: FileHandle): Promise<boolean> {
  const [now, then] = [await lstat(folder.at(name)), await opened.stat()];
  return now.ino === then.ino && now.dev === then.dev;
}

/**
 * Removes the files that killed runs left beside a file, because they hold a secret. Their age is told by the clock of the
 * folder, which a server of files may keep: by a clock of ours that is ahead, it would remove what another run is writing.
 */
async function removeLeftovers(folder: OpenFolder, name: string): Promise<void> {
  const prefix = `.${name}.streampass-new-`;
  for (const other of await readdir(folder.at('.')).catch(() => [])) {
    if (!other.startsWith(prefix)) continue;
    const found = await lstat(folder.at(other)).catch(() => undefined);
    const itself = await lstat(folder.at('.')).catch(() => undefined);
    const oldest = Math.max((itself?.mtimeMs ?? 0) - LEFT_OVER_MS, Date.now() - DAY_MS);
    if (found !== undefined && found.mtimeMs < oldest)
      await rm(folder.at(other), { force: true }).catch(() => undefined);
  }
}
