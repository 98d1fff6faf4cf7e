/** Systems Manager's Run Command and EC2, as far as a rotation needs them. */
export interface RunCommand {
  /** The ids of the instances with this tag that may take connections now, or soon. */
  instances(tag: { readonly key: string; readonly value: string }): Promise<readonly string[]>;
  /** Commands of a document that are not finished, newest first. */
  executing(document: string): Promise<readonly SentCommand[]>;
  /** Sends a document to instances; resolves with the command's id. */
  send(command: NewCommand): Promise<string>;
  /**
   * The results of a command on its instances, one page at a time.
   *
   * @param next `next` of the previous page; left out for the first page
   */
  invocations(commandId: string, next?: string): Promise<InvocationPage>;
}

/** A command that was sent before, by this invocation or an earlier one. */
export interface SentCommand {
  readonly id: string;
  /** Epoch seconds. */
  readonly requestedAt: number;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly maxErrors: string;
}

/** Some of a command's invocations. */
export interface InvocationPage {
  readonly invocations: readonly CommandInvocation[];
  /** Absent on the last page. */
  readonly next?: string;
}

/** A command to send; the two limits are in Run Command's own notation (`10%`, `1`). */
export interface NewCommand {
  readonly document: string;
  /** All instances with a tag, or at most 50 by their ids. */
  readonly to:
    | { readonly tag: { readonly key: string; readonly value: string } }
    | { readonly instances: readonly string[] };
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly maxConcurrency: string;
  readonly maxErrors: string;
  /** How long Systems Manager tries to reach an instance. */
  readonly deliverySeconds: number;
}

/** One command on one instance. */
export interface CommandInvocation {
  readonly instance: string;
  /** Whether it has ended. */
  readonly ended: boolean;
  /** The status as Systems Manager names it. */
  readonly status: string;
  readonly output: string;
}
