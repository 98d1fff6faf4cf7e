/**
 * `java.util.Properties.load(InputStream)`, written from its documentation and its line reader as a state machine over
 * characters, apart from the reader in `lib/`. Bytes are Latin-1. Of a key that is listed twice the last value wins.
 *
 * @throws {Error} `\u` without four hexadecimal digits, as Java's IllegalArgumentException
 */
export function loadJavaProperties(bytes: Uint8Array): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of logicalLines(Buffer.from(bytes).toString('latin1'))) {
    let keyLength = 0;
    let hasSeparator = false;
    let backslash = false;
    let valueStart = line.length;
    for (; keyLength < line.length; keyLength++) {
      const character = line[keyLength]!;
      if ((character === '=' || character === ':') && !backslash) {
        valueStart = keyLength + 1;
        hasSeparator = true;
        break;
      }
      if (isBlank(character) && !backslash) {
        valueStart = keyLength + 1;
        break;
      }
      backslash = character === '\\' && !backslash;
    }
    for (; valueStart < line.length; valueStart++) {
      const character = line[valueStart]!;
      if (isBlank(character)) continue;
      if (hasSeparator || (character !== '=' && character !== ':')) break;
      hasSeparator = true;
    }
    found.set(decode(line.slice(0, keyLength)), decode(line.slice(valueStart)));
  }
  return found;
}

/** Joined at backslashes, without comments, empty lines and the blanks that begin a line. */
function logicalLines(text: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  let skipBlanks = true;
  let isComment = false;
  let isNew = true;
  let continued = false;
  let backslash = false;
  let skipLineFeed = false;
  for (const character of text) {
    if (skipLineFeed) {
      skipLineFeed = false;
      if (character === '\n') continue;
    }
    const isEnd = character === '\n' || character === '\r';
    if (skipBlanks) {
      if (isBlank(character)) continue;
      if (!continued && isEnd) continue;
      skipBlanks = false;
      continued = false;
    }
    if (isNew) {
      isNew = false;
      if (character === '#' || character === '!') {
        isComment = true;
        continue;
      }
    }
    if (!isEnd) {
      if (isComment) continue;
      line += character;
      backslash = character === '\\' && !backslash;
      continue;
    }
    if (isComment || line === '') {
      isComment = false;
      isNew = true;
      skipBlanks = true;
      line = '';
      continue;
    }
    if (backslash) {
      line = line.slice(0, -1);
      skipBlanks = true;
      continued = true;
      backslash = false;
      skipLineFeed = character === '\r';
      continue;
    }
    lines.push(line);
    line = '';
    isNew = true;
    skipBlanks = true;
  }
  if (line !== '' && !isComment) lines.push(backslash ? line.slice(0, -1) : line);
  return lines;
}

function decode(raw: string): string {
  const letters: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n', f: '\f' };
  let text = '';
  for (let at = 0; at < raw.length; at++) {
    if (raw[at] !== '\\') {
      text += raw[at];
      continue;
    }
    const escaped = raw[++at] ?? '';
    if (escaped !== 'u') {
      text += letters[escaped] ?? escaped;
      continue;
    }
    const digits = raw.slice(at + 1, at + 5);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new Error('Malformed \\uxxxx encoding.');
    text += String.fromCharCode(Number.parseInt(digits, 16));
    at += 4;
  }
  return text;
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\f';
}
