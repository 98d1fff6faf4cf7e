/** What all commands share: how they read options, and how they report that something is wrong. */

import { parseArgs, type ParseArgsConfig } from 'node:util';

/**
 * The stage of a command without `--stage`: this machine's, so that no command reaches a deployed stage that nobody named. `nodes`
 * has nothing on this machine and requires `--stage`.
 */
export const LOCAL_STAGE = 'local';

/** The command was called with wrong options or arguments. */
export class WrongCall extends Error {}

/**
 * The options of a command line, as `parseArgs` reads them.
 *
 * @throws {WrongCall} an option is unknown, has no value or an empty one (a variable that is not set), or comes twice although
 *   only its last value would count
 */
export function readOptions<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    const withTokens: ParseArgsConfig & { readonly tokens: true } = { ...config, tokens: true };
    const seen = new Set<string>();
    for (const token of parseArgs(withTokens).tokens) {
      if (token.kind !== 'option') continue;
      if (token.value === '') throw new WrongCall(`--${token.name} must not be empty`);
      if (seen.has(token.name) && token.value !== undefined && !config.options?.[token.name]?.multiple)
        throw new WrongCall(`--${token.name} comes twice: name one, and call the command once more`);
      seen.add(token.name);
    }
    return parseArgs(config);
  } catch (error) {
    if (error instanceof WrongCall) throw error;
    // Node's advice on arguments that begin with "-" follows the first sentence; no argument here does.
    const [problem = ''] = (error as Error).message.split(/\.\s/, 1);
    throw new WrongCall(`${problem} (--help lists the options)`, { cause: error });
  }
}

/** Runs a command and sets the exit status: what it returns, or after an error 1, or 2 if the call was wrong. */
export async function runCommand(main: () => Promise<number | void>): Promise<void> {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof WrongCall ? 2 : 1;
  }
}
