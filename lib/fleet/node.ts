import * as v from 'valibot';
import { fingerprintOf } from '../signing-keys/secret.ts';
import type { ServerSecret } from '../rotation/ports.ts';
import { FileProblem } from './file-problem.ts';
import type { NodeReport } from './node-report.ts';
import type { RunReload } from './reload.ts';
import type { NodeFiles, SeenFile } from './replace-file.ts';
import type { HeldSecret, SecretFile } from './secret-file.ts';

/** One server whose file is on this machine. */
export interface NodeServer {
  readonly file: string;
  readonly format: SecretFile;
  readonly files: NodeFiles;
  /** Run after a change; left out if the server reads its file at each connection. */
  readonly reload?: string | undefined;
  readonly runReload: RunReload;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** The two verbs of one node. Neither rejects: problems are in the report. */
export interface Node {
  observe(): Promise<NodeReport>;
  /** Gives it these versions: one version if it holds one secret, else the whole ring. Safe to repeat. */
  apply(versions: readonly ServerSecret[]): Promise<NodeReport>;
  /** A value that only this node knows, made once and kept beside its file. Rejects with a `FileProblem`. */
  instance(newInstance: () => string): Promise<string>;
  /** The secrets in its file; none if it cannot be read. Never rejects. */
  secrets(): Promise<readonly HeldSecret[]>;
}

/**
 * What the running server has loaded. It is recorded before the first change of the file, because a server does not hold a
 * secret merely because its file does. A reload proves that the server loaded the file as it was when the reload began. If
 * another run writes the file meanwhile, the reload proves nothing about the new content.
 */
const noteSchema = v.object({
  version: v.literal(1),
  /** Identity of the file. */
  loaded: v.string(),
  /** A value that only this node knows, so that no other node can report in its name. */
  instance: v.optional(v.string()),
  /** The last reload of the current file, unless it succeeded. */
  attempt: v.optional(
    v.object({
      /** Identity of the file. */
      of: v.string(),
      /** Epoch seconds: when it began, or when it failed. */
      at: v.number(),
      /** Failed tries in a row. */
      times: v.number(),
      /** Why the last one failed; left out while one is under way. */
      problem: v.optional(v.string()),
    }),
  ),
});
type Note = v.InferOutput<typeof noteSchema>;

/** A reload that has not ended after this time was killed. */
const LONGEST_RELOAD_SECONDS = 600;
/** The identity in a note that is unreadable or empty. No file has this identity. */
const NOTHING: Note = { version: 1, loaded: '' };

/** The problem of a file whose new secret the running server does not have yet. */
export const RELOAD_DUE = 'was changed, but its server has not been reloaded since';

/** One server's verbs. */
export function createNode({ file, format, files, reload, runReload, now }: NodeServer): Node {
  const readNote = async (): Promise<Note | undefined> => {
    const text = await files.readNote(file);
    if (text === undefined) return undefined;
    try {
      const parsed = v.safeParse(noteSchema, JSON.parse(text));
      return parsed.success ? parsed.output : NOTHING;
    } catch {
      return NOTHING;
    }
  };
  const writeNote = (note: Note) => files.writeNote(file, `${JSON.stringify(note)}\n`);

  const observe = async (): Promise<NodeReport> => {
    const seen = await files.read(file);
    return reportOf(seen, format, reload === undefined ? undefined : await readNote());
  };

  const apply = async (versions: readonly ServerSecret[]): Promise<NodeReport> => {
    const seen = await files.read(file);
    const changed = format.change(seen.bytes, versions);
    if (!changed.ok) throw new FileProblem(changed.problem);
    const isChanged = !seen.bytes.equals(changed.bytes);
    if (reload === undefined) {
      if (!isChanged) return reportOf(seen, format, undefined);
      await files.replace(file, seen.identity, changed.bytes);
      return observe();
    }
    let note = await readNote();
    if (note === undefined) {
      // A server whose file streampass never changed holds what its file says.
      if (!isChanged) return reportOf(seen, format, undefined);
      note = { version: 1, loaded: seen.identity };
      await writeNote(note);
    }
    const of = isChanged ? await files.replace(file, seen.identity, changed.bytes) : seen.identity;
    if (note.loaded === of || isUnderWay(note, of, now()))
      return isChanged ? observe() : reportOf(seen, format, note);
    const times = note.attempt?.of === of ? note.attempt.times : 0;
    await writeNote({ ...note, attempt: { of, at: now(), times } });
    const reloaded = await runReload(reload, file);
    // If another run has written the file meanwhile, that run waits for a reload of its own.
    if ((await files.read(file)).identity === of)
      await writeNote(
        reloaded.ok
          ? { ...note, loaded: of, attempt: undefined }
          : { ...note, attempt: { of, at: now(), times: times + 1, problem: reloaded.problem } },
      );
    return observe();
  };

  const failing = (work: () => Promise<NodeReport>) =>
    work().catch((error: unknown): NodeReport => ({ version: 1, problems: [problemOf(error)] }));
  return {
    observe: () => failing(observe),
    apply: (versions) => failing(() => apply(versions)),
    async instance(newInstance) {
      const seen = await files.read(file);
      const note = (await readNote()) ?? { version: 1, loaded: seen.identity };
      if (note.instance !== undefined) return note.instance;
      const instance = newInstance();
      await writeNote({ ...note, instance });
      return instance;
    },
    async secrets() {
      try {
        const read = format.read((await files.read(file)).bytes);
        return read.ok ? read.secrets : [];
      } catch {
        return [];
      }
    },
  };
}

function isUnderWay({ attempt }: Note, of: string, now: number): boolean {
  return attempt?.of === of && attempt.problem === undefined && now < attempt.at + LONGEST_RELOAD_SECONDS;
}

function reportOf(seen: SeenFile, format: SecretFile, note: Note | undefined): NodeReport {
  const read = format.read(seen.bytes);
  if (!read.ok) return { version: 1, problems: [...seen.problems, read.problem] };
  const report = { version: 1, settings: read.settings, problems: [...seen.problems] } as const;
  const { attempt } = note ?? {};
  if (note !== undefined && note.loaded !== seen.identity) {
    const isOfThis = attempt?.of === seen.identity;
    const why = isOfThis ? (attempt.problem ?? 'its reload is under way') : RELOAD_DUE;
    const [secret] = read.secrets;
    const failed = isOfThis && attempt.times > 0 && secret;
    return {
      ...report,
      problems: [...report.problems, why],
      ...(failed && {
        failed: { fingerprint: fingerprintOf(secret.text), at: attempt.at, times: attempt.times },
      }),
    };
  }
  const fingerprints = read.secrets.map(({ kid, text }) => [kid, fingerprintOf(text)] as const);
  const [[kid, fingerprint] = []] = fingerprints;
  if (fingerprints.length === 1 && kid === undefined) return { ...report, fingerprint };
  return { ...report, ring: Object.fromEntries(fingerprints) as Record<string, string> };
}

function problemOf(error: unknown): string {
  if (error instanceof FileProblem) return error.message.slice(0, 300);
  return error instanceof Error ? `cannot be reached (${error.name})` : 'cannot be reached';
}
