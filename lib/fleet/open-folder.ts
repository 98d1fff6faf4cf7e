import { constants, type Stats } from 'node:fs';
import { lstat, open, readFile, readlink, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FileProblem } from './file-problem.ts';

/** A file's folder, held open. Names in it stay in this folder even if somebody renames the folders above. */
export interface OpenFolder extends AsyncDisposable {
  /** The path of a name in this folder. */
  readonly at: (name: string) => string;
  /** Writes changes of its names to the disk. */
  readonly sync: () => Promise<void>;
  /** Its real path, for messages and for the tables of mounts. */
  readonly path: string;
  /** The only user besides root who owns it or a folder above it; root if there is none. */
  readonly uid: number;
  readonly gid: number;
}

/** Linux: a handle that only names a folder, so that it needs no right to read. */
const O_PATH = 0o10000000;
const MOST_LINKS = 40;
const onLinux = process.platform === 'linux';

/**
 * Opens the folder of a file, one name after another from the root, each from the handle before it. A symbolic link in the
 * path counts as a folder of its owner.
 *
 * @throws {FileProblem} two users besides root own parts of the path; or this process is root, and others may rename these
 *   folders
 */
export async function openFolderOf(file: string): Promise<OpenFolder> {
  const folder = dirname(resolve(file));
  // Other systems cannot open a name from a handle. There streampass runs only on developers' machines.
  if (!onLinux) return plainFolder(folder);
  const opened: { readonly handle: FileHandle; readonly name: string }[] = [];
  try {
    const owners = new Map<number, string>();
    const rest = folder.split('/');
    opened.push({ handle: await open('/', O_PATH | constants.O_DIRECTORY), name: '' });
    await check(await opened[0]!.handle.stat(), '/', owners);
    for (let links = 0; rest.length > 0;) {
      const name = rest.shift()!;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (opened.length > 1) await opened.pop()!.handle.close();
        continue;
      }
      const path = [...opened.map((one) => one.name), name].join('/');
      const next = under(opened.at(-1)!.handle, name);
      const found = await lstat(next);
      if (found.isSymbolicLink()) {
        if (++links > MOST_LINKS) throw new FileProblem('has too many symbolic links in its path');
        noteOwner(found.uid, path, owners);
        const target = await readlink(next);
        rest.unshift(...target.split('/'));
        if (target.startsWith('/')) for (const { handle } of opened.splice(1)) await handle.close();
        continue;
      }
      const handle = await open(next, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      opened.push({ handle, name });
      await check(await handle.stat(), path, owners);
    }
    const last = await opened.at(-1)!.handle.stat();
    const path = opened.map((one) => one.name).join('/') || '/';
    const { handle } = opened.pop()!;
    return {
      at: (name) => under(handle, name),
      path,
      uid: [...owners.keys()][0] ?? 0,
      gid: last.gid,
      async sync() {
        await syncPath(under(handle, '.'));
      },
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } finally {
    for (const { handle } of opened) await handle.close();
  }
}

function under(folder: FileHandle, name: string): string {
  return `/proc/self/fd/${folder.fd}/${name}`;
}

async function check(folder: Stats, path: string, owners: Map<number, string>): Promise<void> {
  noteOwner(folder.uid, path, owners);
  const isSticky = (folder.mode & 0o1000) !== 0;
  // Only root's rights could be misused. Volumes of containers can often be changed by everybody in them.
  if (isSticky || process.geteuid?.() !== 0) return;
  if ((folder.mode & 0o002) !== 0)
    throw new FileProblem(`anybody can rename files in ${path}: chmod o-w ${path}`);
  const byGroup = (folder.mode & 0o020) !== 0 && folder.gid !== 0;
  if (byGroup && folder.gid !== (await ownGroupOf(folder.uid)))
    throw new FileProblem(`a group can rename files in ${path}: chmod g-w ${path}`);
}

function noteOwner(uid: number, path: string, owners: Map<number, string>): void {
  if (uid === 0) return;
  owners.set(uid, path);
  const [[first, theirs], second] = [...owners] as [[number, string], [number, string]?];
  if (second !== undefined)
    throw new FileProblem(
      `user ${first} owns ${theirs} and user ${second[0]} owns ${second[1]}: one of them could lead the other astray`,
    );
  const me = process.geteuid?.() ?? 0;
  if (me !== 0 && me !== uid)
    throw new FileProblem(`user ${uid} owns ${path}: run streampass as that user or as root`);
}

/** The group that `/etc/passwd` gives a user for their own; their own id, as containers have it, if it names none. */
async function ownGroupOf(uid: number): Promise<number> {
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const line = users.split('\n').find((user) => user.split(':')[2] === String(uid));
  return Number(line?.split(':')[3] ?? uid);
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function plainFolder(path: string): OpenFolder {
  return {
    at: (name) => join(path, name),
    path,
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    sync: () => (process.platform === 'win32' ? Promise.resolve() : syncPath(path)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
