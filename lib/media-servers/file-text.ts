/** A file's text, and how to turn a changed text back into bytes. */
export interface FileText {
  readonly text: string;
  readonly toBytes: (text: string) => Uint8Array;
}

/**
 * Decodes a configuration file so that every byte which is not changed comes back as it was: UTF-8 with its byte
 * order mark kept, and Latin-1 (what Java's properties are by definition) for a file that is not valid UTF-8.
 */
export function decodeFile(bytes: Uint8Array): FileText {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { text, toBytes: (changed) => new TextEncoder().encode(changed) };
  } catch {
    return {
      text: Buffer.from(bytes).toString('latin1'),
      toBytes: (changed) => Buffer.from(changed, 'latin1'),
    };
  }
}
