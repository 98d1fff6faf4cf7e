import type { KeyObject } from 'node:crypto';
import type { SigningAlgorithm } from '../../../lib/jws/signing-algorithm.ts';
import type { Target } from '../../../lib/media-servers/target.ts';
import type { Transport } from '../../../lib/policy/grant.ts';

/** What somebody tries to do on a server. */
export interface Attempt {
  /** The target's own word for it, or one of the server's `powers`. */
  readonly action: string;
  readonly room: string;
  /** Left out for a server that knows no transports. */
  readonly transport?: Transport;
}

/** Whether the bearer of a token may do this. */
export type Verdict = (attempt: Attempt) => boolean | Promise<boolean>;

/** A key that a server holds: a shared secret, or a public key. */
export interface ServerKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  /** The text of a shared secret; empty for a public key. */
  readonly secret: string;
  readonly key: KeyObject;
}

/** One kind of server, for the conformance suite: its target, and the rules by which the server itself decides about a token. */
export interface ConformingServer {
  /** Without options that only show something of a user, which no server checks. */
  readonly target: Target;
  /**
   * What a server that holds these keys lets the bearer of a token do, by the server's own rules: its SDK's verifier, or its
   * documentation written down. It knows nothing of how streampass makes a token. May throw for a token that it refuses.
   *
   * @param now the server's clock, epoch seconds
   */
  readonly decide: (token: string, keys: readonly ServerKey[], now: number) => Verdict | Promise<Verdict>;
  /** What the server's tokens can allow besides the target's actions, and ours never do. */
  readonly powers?: readonly string[];
  /** What the server's tokens can allow besides, and ours do with one of the target's actions: `{ publishData: 'publish' }`. */
  readonly comesWith?: Readonly<Record<string, string>>;
  /** Set if the server does not look at the room: then only what is read back tells rooms apart. */
  readonly ignoresRooms?: true;
  /** Claims whose absence means to the server what we write into them, by its documentation: `video.hidden`. */
  readonly sameIfAbsent?: readonly string[];
  /** The most characters of a token for one room with all actions and transports, a user of 36 and a room of 16 characters. */
  readonly longest: number;
}
