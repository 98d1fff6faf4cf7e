import { spawn } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import { FileProblem } from './file-problem.ts';

/** What a file has beyond owner, group and mode. */
interface ExtraRights {
  readonly hasAccessList: boolean;
  /** SELinux; `?` if there is none. */
  readonly context: string;
}

const CANNOT_TELL =
  'has rights that cannot be read here: install GNU coreutils, whose ls shows access control lists';

/**
 * Refuses to replace a file by one with other rights: an access control list would be lost,
 * and another SELinux context could keep the server from reading it.
 *
 * @throws {FileProblem} with what to do
 */
export async function assertSameExtraRights(before: FileHandle, after: FileHandle): Promise<void> {
  if (process.platform !== 'linux') return;
  const [old, made] = [await extraRights(before), await extraRights(after)];
  if (old.hasAccessList || made.hasAccessList)
    throw new FileProblem(
      'has an access control list, or its folder gives new files one, which would change who can read the secret: ' +
        'remove it (setfacl -b) and use owner, group and mode',
    );
  if (old.context !== made.context)
    throw new FileProblem(
      `has the SELinux context ${old.context}, and new files in its folder get ${made.context}: ` +
        'make it the default (semanage fcontext -a, then restorecon)',
    );
}

/** As GNU ls prints it: `-rw-r-----+ 1 owner group context …`, where the plus means an access control list. */
export function parseExtraRights(line: string): ExtraRights | undefined {
  const fields = /^-[-a-zA-Z]{9}([.+]?) +\d+ +\S+ +\S+ +(\S+) /.exec(line);
  return fields === null ? undefined : { hasAccessList: fields[1] === '+', context: fields[2] ?? '?' };
}

async function extraRights(file: FileHandle): Promise<ExtraRights> {
  const child = spawn('ls', ['-ldnLZ', '/proc/self/fd/3'], {
    stdio: ['ignore', 'pipe', 'ignore', file.fd],
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  });
  let line = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => (line += part));
  const ended = await new Promise<boolean>((resolve) => {
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
  const rights = ended ? parseExtraRights(line) : undefined;
  if (rights === undefined) throw new FileProblem(CANNOT_TELL);
  return rights;
}
