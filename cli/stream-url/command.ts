import { WrongCall } from '../command-line.ts';
import type { Settings } from './settings.ts';

const SHELLS = /(^|[/\\])(sh|ash|bash|dash|zsh|ksh|fish|cmd|powershell|pwsh)(\.exe)?$/i;

/**
 * The words of a command: separated by blanks, `'…'` and `"…"` keep blanks. No other character is special, because no shell
 * reads them.
 *
 * @throws {WrongCall} if there is no word, or a quote is not closed
 */
export function splitCommand(command: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of command.matchAll(/(?:"[^"]*"|'[^']*'|\S)+/g)) {
    const bare = word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => {
      return (double ?? single ?? '').replaceAll('"', '\0').replaceAll("'", '\x01');
    });
    if (/["']/.test(bare)) throw new WrongCall('--exec has a quote that is not closed');
    words.push(bare.replaceAll('\0', '"').replaceAll('\x01', "'"));
  }
  if (words.length === 0) throw new WrongCall('--exec must name a command');
  return words;
}

/**
 * The words with `{url}` and the names of the other settings filled in.
 *
 * @throws {WrongCall} if a setting does not exist, or a shell would read it as part of its program
 */
export function fillIn(words: readonly string[], settings: Settings): readonly string[] {
  const hasShell = words.some((word) => SHELLS.test(word));
  return words.map((word) =>
    word.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) => {
      const value = Object.hasOwn(settings, name) ? settings[name] : undefined;
      if (value === undefined) {
        throw new WrongCall(
          `--exec: ${placeholder} is not a setting of this server: use {${Object.keys(settings).join('}, {')}}`,
        );
      }
      if (hasShell)
        throw new WrongCall(
          `--exec: a shell would read ${placeholder} as program text: write "$STREAM_URL" instead`,
        );
      return value;
    }),
  );
}
