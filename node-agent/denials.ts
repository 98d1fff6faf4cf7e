import { randomBytes, randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { nameOfHashes } from '../lib/admission/denied-hashes.ts';
import { denialsAnswer, inForce, signQuestion, toDeniedFile } from '../lib/fleet/denials.ts';
import { FileProblem } from '../lib/fleet/file-problem.ts';
import type { Node } from '../lib/fleet/node.ts';
import type { NodeFiles } from '../lib/fleet/replace-file.ts';
import { systemNow } from '../lib/node/system.ts';
import type { ServerSecret } from '../lib/rotation/ports.ts';
import { ask, parseBody } from './ask.ts';
import type { Settings } from './settings.ts';

/** How often streampass is asked who is denied, in seconds. */
export const DENIALS_EVERY_SECONDS = 4;
const TIMEOUT_MS = 4000;
/** The number of turns after which the files are read although nothing changed, because somebody may have emptied one. */
const LOOKS_EVERY = 15;
/** A hash takes 35 bytes: more than a hundred thousand denials. */
const MOST_BYTES = 4 * 1024 * 1024;

/** What the follower needs. */
export interface DenialsDeps {
  readonly node: Pick<Node, 'instance'>;
  readonly files: NodeFiles;
  /** The live versions of the secret, one of which signs; none while they are not known. */
  readonly versions: () => readonly ServerSecret[];
  /** Called with a line each time that something changes. */
  readonly log: (line: string) => void;
}

/**
 * Keeps the file up to date that tells a server who is denied. The function it returns asks once, and never rejects; while
 * streampass does not answer, the server goes on with the list that it has.
 */
export function createDenialsFollower(settings: Settings, deps: DenialsDeps): () => Promise<void> {
  const { report, denied: file, target, node: name } = settings;
  const url = `${report?.replace(/\/+$/, '')}/nodes/${target}/denials`;
  let instance: string | undefined;
  let done: ReturnType<typeof inForce>;
  /** The list in the file. */
  let told: string | undefined;
  let turns = 0;
  let lastIat = 0;
  let logged = '';

  const note = (line: string): void => {
    if (line !== logged) deps.log(line);
    logged = line;
  };

  async function turn(denied: string): Promise<void> {
    const [key] = deps.versions();
    if (key === undefined) return;
    instance ??= await deps.node.instance(() => randomBytes(24).toString('base64url'));
    // The files are looked at until the server's module has followed, and now and then.
    if (turns++ % LOOKS_EVERY === 0 || done?.holds !== told) done = await look(denied);
    const said = { holds: done?.holds, ended: done?.ended ?? 0 };
    lastIat = Math.max(systemNow(), lastIat + 0.001);
    const asked = { node: name, instance, iat: lastIat, jti: randomUUID(), ...said };
    const { status, body } = await ask(url, TIMEOUT_MS, signQuestion(asked, target, key), MOST_BYTES);
    const answer = v.safeParse(denialsAnswer, status === 200 ? parseBody(body) : undefined);
    if (!answer.success)
      return note(`${url} answered ${status}: the server goes on with the list that it has`);
    const { list, denied: hashes } = answer.output;
    if (hashes !== undefined) await write(denied, list, hashes);
    told = list;
    note(`tells the server who is denied (${list.slice(0, 8)})`);
  }

  async function write(denied: string, list: string, hashes: readonly string[]): Promise<void> {
    if (nameOfHashes(hashes) !== list)
      throw new FileProblem(`${denied}: is left as it is, because the list arrived broken`);
    const text = Buffer.from(toDeniedFile(list, hashes));
    const { bytes, identity } = await deps.files.read(denied);
    if (!bytes.equals(text)) await deps.files.replace(denied, identity, text);
  }

  async function look(denied: string) {
    const [list, done] = await Promise.all(
      [denied, `${denied}.done`].map((path) =>
        deps.files.read(path).then(
          ({ bytes }) => bytes.toString('utf8'),
          () => '',
        ),
      ),
    );
    return inForce(list ?? '', done ?? '');
  }

  return async () => {
    if (file === undefined) return;
    await turn(file).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : 'unknown error';
      note(error instanceof FileProblem ? why : `${url} cannot be reached: ${why}`);
    });
  };
}
