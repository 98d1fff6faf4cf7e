/** A file that cannot be read or replaced; the message is one line and holds nothing of its content. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';
}

/** The problem of a file that does not exist. */
export const MISSING = 'is missing: name the file that the server reads, or mount its folder here';
/** The problem of a folder, a link or a device in the place of a file. */
export const NOT_REGULAR = 'is not a regular file: name the file itself';
const DENIED =
  'permission denied: streampass has to be root, or the owner of the folder, who may write there';
const FULL = 'no space is left: free some, and the next run tries again';

const KNOWN: Readonly<Record<string, string>> = {
  ENOENT: MISSING,
  ENOTDIR: MISSING,
  ENXIO: NOT_REGULAR,
  EACCES: DENIED,
  EPERM: 'the system forbids it: is the file immutable (chattr -i), or does a security module refuse it?',
  EROFS: 'the file system is read-only: mount it so that streampass can write there',
  ENOSPC: FULL,
  EDQUOT: FULL,
  EIO: 'the disk does not work: see the log of the kernel (dmesg)',
  ELOOP: 'is a symbolic link: name the file itself',
  EBUSY: 'it is mounted by itself: mount the folder instead of the file',
};

/** Any error as a {@link FileProblem}. @param what names the operation that failed */
export function toFileProblem(error: unknown, what: string): FileProblem {
  if (error instanceof FileProblem) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const known = KNOWN[code];
  if (known === undefined) return new FileProblem(`${what} (${code})`);
  return new FileProblem(known.startsWith('is ') ? known : `${what}: ${known}`);
}
