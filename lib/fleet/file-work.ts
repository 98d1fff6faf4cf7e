import { spawn } from 'node:child_process';
import * as v from 'valibot';
import { FileProblem, toFileProblem } from './file-problem.ts';
import { isMounted } from './mounts.ts';
import { openFolderOf } from './open-folder.ts';
import { filesIn, MOUNTED, ownFiles, type NodeFiles } from './replace-file.ts';

/**
 * Root never acts by name in a folder that another user can change: it starts a process of that user for each piece of work,
 * and sends it the work through a pipe. So even if that user replaces files at the same time, nothing happens with more
 * rights than theirs.
 */

const base64 = v.pipe(v.string(), v.base64());
const file = v.string();
const work = v.variant('verb', [
  v.object({ verb: v.literal('read'), file }),
  v.object({ verb: v.literal('replace'), file, seen: v.string(), bytes: base64 }),
  v.object({ verb: v.literal('readNote'), file }),
  v.object({ verb: v.literal('writeNote'), file, note: v.string() }),
]);
type Work = v.InferOutput<typeof work>;

const answer = v.variant('ok', [
  v.object({ ok: v.literal(true), result: v.optional(v.unknown()) }),
  v.object({ ok: v.literal(false), problem: v.pipe(v.string(), v.maxLength(500)) }),
]);

const seenFile = v.object({ bytes: base64, identity: v.string(), problems: v.array(v.string()) });

/** How long one piece of work may take: its files are on a disk of this machine. */
const LIMIT_MS = 30_000;
const MOST_OUTPUT = 8 * 1024 * 1024;

/** The worker's side: does one piece of work and returns its answer. Never rejects. */
export async function doFileWork(input: string): Promise<string> {
  try {
    return JSON.stringify({ ok: true, result: await done(v.parse(work, JSON.parse(input))) });
  } catch (error) {
    const problem = error instanceof FileProblem ? error.message : 'the work was not understood';
    return JSON.stringify({ ok: false, problem: problem.slice(0, 500) });
  }
}

async function done(asked: Work): Promise<unknown> {
  switch (asked.verb) {
    case 'read': {
      const { bytes, ...seen } = await ownFiles.read(asked.file);
      return { ...seen, bytes: bytes.toString('base64') };
    }
    case 'replace':
      return ownFiles.replace(asked.file, asked.seen, Buffer.from(asked.bytes, 'base64'));
    case 'readNote':
      return ownFiles.readNote(asked.file);
    case 'writeNote':
      return ownFiles.writeNote(asked.file, asked.note);
  }
}

/**
 * The files, with the rights of the user who owns their folder if this process is root, else with its own.
 *
 * @param worker the command that passes its standard input to {@link doFileWork} and prints the result
 */
export function filesAsOwner(worker: readonly string[]): NodeFiles {
  const asOwner = async <Result>(
    schema: v.GenericSchema<unknown, Result>,
    asked: Work,
    own: (files: NodeFiles) => Promise<Result>,
  ): Promise<Result> => {
    if (process.geteuid?.() !== 0) return own(ownFiles);
    await using folder = await openFolderOf(asked.file).catch((error: unknown) => {
      throw toFileProblem(error, 'cannot be reached');
    });
    if (folder.uid === 0) {
      // The folder is open already, and is closed at the end.
      const lent = { ...folder, [Symbol.asyncDispose]: () => Promise.resolve() };
      return await own(filesIn(() => Promise.resolve(lent)));
    }
    const name = asked.file.slice(asked.file.lastIndexOf('/') + 1);
    // Root sees the mounts of every container, that user only their own.
    if (asked.verb === 'replace' && (await isMounted(`${folder.path}/${name}`)))
      throw new FileProblem(MOUNTED);
    const said = v.safeParse(answer, await run(worker, folder, JSON.stringify(asked)));
    if (!said.success) throw new FileProblem(`user ${folder.uid} gave no answer for it`);
    if (!said.output.ok) throw new FileProblem(said.output.problem);
    const result = v.safeParse(schema, said.output.result);
    if (!result.success) throw new FileProblem(`user ${folder.uid} gave no answer for it`);
    return result.output;
  };
  return {
    async read(path) {
      const { bytes, ...seen } = await asOwner(seenFile, { verb: 'read', file: path }, async (files) => {
        const { bytes, identity, problems } = await files.read(path);
        return { bytes: bytes.toString('base64'), identity, problems: [...problems] };
      });
      return { ...seen, bytes: Buffer.from(bytes, 'base64') };
    },
    replace: (path, seen, bytes) =>
      asOwner(
        v.string(),
        { verb: 'replace', file: path, seen, bytes: Buffer.from(bytes).toString('base64') },
        (files) => files.replace(path, seen, bytes),
      ),
    readNote: (path) =>
      asOwner(v.optional(v.string()), { verb: 'readNote', file: path }, (files) => files.readNote(path)),
    writeNote: (path, note) =>
      asOwner(v.void(), { verb: 'writeNote', file: path, note }, (files) => files.writeNote(path, note)),
  };
}

/** What the worker printed, parsed; `undefined` if it is not a valid answer. */
function run(
  [command = '', ...args]: readonly string[],
  { uid, gid }: { readonly uid: number; readonly gid: number },
  input: string,
): Promise<unknown> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { uid, gid, cwd: '/', env: {}, stdio: ['pipe', 'pipe', 'ignore'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      output += part;
      if (output.length > MOST_OUTPUT) child.kill('SIGKILL');
    });
    child.stdin.on('error', () => undefined);
    child.on('error', () => resolve(undefined));
    child.on('close', () => {
      clearTimeout(timer);
      try {
        resolve(JSON.parse(output));
      } catch {
        resolve(undefined);
      }
    });
    child.stdin.end(input);
  });
}
