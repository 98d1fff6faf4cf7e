import { FileProblem } from '../lib/fleet/file-problem.ts';
import type { SeenFile } from '../lib/fleet/replace-file.ts';
import { configFileFormats, isConfigFileKind } from '../lib/media-servers/config-files.ts';
import { decodeFile } from '../lib/media-servers/file-text.ts';
import { agentFiles } from './verbs.ts';

/** Printed in place of a new secret. */
const PLACEHOLDER = 'x'.repeat(43);

/**
 * Says what would be changed in a config file, as a difference without the secret, and which settings streampass would
 * compare; or why the file would be left alone. Changes nothing.
 *
 * @returns the exit status
 */
export async function check(
  file: string | undefined,
  kind: string | undefined,
  write: (text: string) => void,
): Promise<number> {
  if (file === undefined || kind === undefined || !isConfigFileKind(kind)) {
    write(`streampass-node check FILE --kind ${Object.keys(configFileFormats).join('|')}\n`);
    return 2;
  }
  const format = configFileFormats[kind];
  const seen = await agentFiles()
    .read(file)
    .catch((error: unknown): SeenFile | string => {
      if (error instanceof FileProblem) return error.message;
      throw error;
    });
  if (typeof seen === 'string') {
    write(`${seen}\n`);
    return 1;
  }
  const { text } = decodeFile(seen.bytes, format.encoding);
  const replaced = format.replaceSecret(text, PLACEHOLDER);
  if (!replaced.ok) {
    write(`${file}: ${replaced.problem}\n`);
    return 1;
  }
  const { start, end } = replaced.range;
  const lineStart = Math.max(text.lastIndexOf('\n', start - 1), text.lastIndexOf('\r', start - 1)) + 1;
  const before = shown(BEFORE, text.slice(lineStart, start));
  const after = shown(AFTER, /^[^\r\n]*/.exec(text.slice(end))?.[0] ?? '');
  const oldLines = text.slice(start, end).split(/\r\n|\r|\n/).length;
  const written = replaced.text.slice(start, replaced.text.length - (text.length - end));
  const number = text.slice(0, lineStart).split(/\r\n|\r|\n/).length;
  const settings = format.readSettings(text);
  write(
    [
      `--- ${file}`,
      `+++ ${file}`,
      `@@ -${number}${oldLines > 1 ? `,${oldLines}` : ''} +${number} @@`,
      `-${before}[the secret that it holds]${after}`,
      `+${before}${written.replace(PLACEHOLDER, '[the new secret]')}${after}`,
      ...seen.problems.map((problem) => `${file}: ${problem}`),
      `settings that are compared: ${JSON.stringify(settings.ok ? settings.settings : {})}`,
      '',
    ].join('\n'),
  );
  return 0;
}

/** Of the rest of the line: the name of the setting and its quotes. Another secret may stand beside them, in a comment above all. */
const BEFORE = /[ \t]*[\w."']*[ \t]*[=:]?[ \t]*["'[=]*$/;
const AFTER = /^["'\]=]*[ \t,;}\])]*/;

function shown(part: RegExp, text: string): string {
  const kept = part.exec(text)?.[0] ?? '';
  if (kept === text) return text;
  return part === BEFORE ? `…${kept}` : `${kept}…`;
}
