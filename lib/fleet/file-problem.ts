/** A file that cannot be read or replaced; the message is one line and holds nothing of its content. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';
}

const KNOWN: Readonly<Record<string, string>> = {
  ENOENT: 'is missing',
  ENOTDIR: 'is missing',
  ENXIO: 'is not a regular file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left',
  EDQUOT: 'no space is left',
  ELOOP: 'is a symbolic link: name the file itself',
  EBUSY: 'it is mounted by itself: mount the folder instead of the file',
};

/** Any error as a {@link FileProblem}; `what` failed, for codes that do not say it themselves. */
export function toFileProblem(error: unknown, what: string): FileProblem {
  if (error instanceof FileProblem) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const known = KNOWN[code];
  if (known === undefined) return new FileProblem(`${what} (${code})`);
  return new FileProblem(known.startsWith('is ') ? known : `${what}: ${known}`);
}
