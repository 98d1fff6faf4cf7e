import { readFile } from 'node:fs/promises';
import { configFileFormats, isConfigFileKind } from '../lib/media-servers/config-files.ts';
import { decodeFile } from '../lib/media-servers/file-text.ts';

/** In the place of a new secret. */
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
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => error.code ?? 'error');
  if (typeof bytes === 'string') {
    write(`${file}: cannot be read (${bytes})\n`);
    return 1;
  }
  const { text } = decodeFile(bytes, format.encoding);
  const replaced = format.replaceSecret(text, PLACEHOLDER);
  if (!replaced.ok) {
    write(`${file}: ${replaced.problem}\n`);
    return 1;
  }
  const { start, end } = replaced.range;
  const lineStart = Math.max(text.lastIndexOf('\n', start - 1), text.lastIndexOf('\r', start - 1)) + 1;
  const before = text.slice(lineStart, start);
  const after = /^[^\r\n]*/.exec(text.slice(end))?.[0] ?? '';
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
      `settings that are compared: ${JSON.stringify(settings.ok ? settings.settings : {})}`,
      '',
    ].join('\n'),
  );
  return 0;
}
