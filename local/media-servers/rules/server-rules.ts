/**
 * The interface that the rules of every kind of media server implement. They follow the servers' own sources and documentation
 * and share no code with streampass's tokens, so that each checks the other.
 */

/** An attempt to connect. The action is the target's own word. */
export interface Attempt {
  readonly action: string;
  readonly room?: string | undefined;
  /** Upper or lower case · default: WebRTC, if the server distinguishes transports. */
  readonly transport?: string | undefined;
}

/** What the server lets the person do, in the server's own words: `user`, `role`, `affiliation` … */
export type Granted = Readonly<Record<string, string | boolean | null>>;

/** The server's decision. */
export type Decision =
  | { readonly accepted: true; readonly granted: Granted }
  | {
      readonly accepted: false;
      /** The server's own words. */
      readonly reason: string;
      /** `login` if the server refused before it looked at the action, `action` if after. */
      readonly at: 'login' | 'action';
      /** Set if the real server fails on the token and sends nothing at all: the client waits for its own timeout. */
      readonly neverAnswers?: true;
    };

/** Settings that a node read from its configuration file. */
export interface HeldSettings {
  /** The secret's text. Empty: the real server would be open, or accept tokens of the empty key. */
  readonly secret: string;
}

/** A file's settings, or the reason that a server could not start with it. */
export type ReadConfig<Settings extends HeldSettings> =
  { readonly ok: true; readonly settings: Settings } | { readonly ok: false; readonly problem: string };

/** The rules of one kind of server. */
export interface ServerRules<Settings extends HeldSettings> {
  readonly kind: string;
  /** The target's words for its actions. The first is the default of a request that names none. */
  readonly actions: readonly [string, ...string[]];
  /** Reads a configuration file's text as the server does when it starts. Never throws. */
  readonly readConfig: (text: string) => ReadConfig<Settings>;
  /**
   * Decides. Never throws, whatever the token.
   *
   * @param token compact JWS as the client sent it; `undefined` if it sent none
   * @param now the server's clock, epoch seconds
   */
  readonly decide: (token: string | undefined, settings: Settings, attempt: Attempt, now: number) => Decision;
}
