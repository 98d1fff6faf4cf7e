/** How a server reads its file: Java's properties are Latin-1 by definition, whatever bytes they hold. */
export type FileEncoding = 'utf8' | 'latin1';

/** A file's text, and how to turn a changed text back into bytes. */
export interface FileText {
  readonly text: string;
  readonly toBytes: (text: string) => Uint8Array;
}

/**
 * Decodes a configuration file. `toBytes` gives back every byte that was not changed: a byte order mark is kept, and a file
 * that is not valid UTF-8 is read as Latin-1.
 */
export function decodeFile(bytes: Uint8Array, encoding: FileEncoding): FileText {
  if (encoding === 'utf8') {
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
      return { text, toBytes: (changed) => new TextEncoder().encode(changed) };
    } catch {
      // Read as Latin-1 below.
    }
  }
  return {
    text: Buffer.from(bytes).toString('latin1'),
    toBytes: (changed) => Buffer.from(changed, 'latin1'),
  };
}
