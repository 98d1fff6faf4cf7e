import { readdir, readFile, readlink } from 'node:fs/promises';

/** One line of a mount table: which part of which file system is mounted where. */
interface Mount {
  readonly device: string;
  readonly root: string;
  readonly point: string;
}

/**
 * Whether a file, and not its folder, is mounted, here or in a container whose processes are visible. Such a mount keeps the
 * old file when a new file gets its name. Root sees all containers of the machine.
 *
 * @param path its real path
 * @see proc_pid_mountinfo(5)
 */
export async function isMounted(path: string): Promise<boolean> {
  const own = await mountsOf('self');
  const holder = own.findLast(({ point }) => isUnder(path, point));
  if (holder === undefined) return false;
  const inFileSystem = join(holder.root, path.slice(holder.point.replace(/\/$/, '').length));
  for (const mounts of [own, ...(await otherMounts())]) {
    if (mounts.some(({ device, root }) => device === holder.device && root === inFileSystem)) return true;
  }
  return false;
}

/** The mount tables of other processes, one for each namespace. */
async function otherMounts(): Promise<(readonly Mount[])[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const byNamespace = new Map<string, string>();
  for (const pid of pids) {
    const namespace = await readlink(`/proc/${pid}/ns/mnt`).catch(() => undefined);
    if (namespace !== undefined) byNamespace.set(namespace, pid);
  }
  return Promise.all([...byNamespace.values()].map(mountsOf));
}

async function mountsOf(pid: string): Promise<readonly Mount[]> {
  const table = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
  return table.split('\n').flatMap((line) => {
    const [, , device, root, point] = line.split(' ');
    if (device === undefined || root === undefined || point === undefined) return [];
    return [{ device, root: unescape(root), point: unescape(point) }];
  });
}

function isUnder(path: string, point: string): boolean {
  return point === '/' || path === point || path.startsWith(`${point}/`);
}

function join(root: string, rest: string): string {
  return `${root === '/' ? '' : root}${rest}` || '/';
}

/** Blanks and some other characters are written in octal. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
