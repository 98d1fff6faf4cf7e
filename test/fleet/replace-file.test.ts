import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseExtraRights } from '../../lib/fleet/extra-rights.ts';
import { isMounted } from '../../lib/fleet/mounts.ts';
import { ownFiles } from '../../lib/fleet/replace-file.ts';
import { mayMount } from '../support/lacking.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'streampass-replace-'));
  file = join(folder, 'a file.properties');
  writeFileSync(file, 'old', { mode: 0o640 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a replaced file', () => {
  test('is not replaced if it was changed since it was seen', async () => {
    const { identity } = await ownFiles.read(file);
    writeFileSync(file, 'by somebody else');
    await expect(ownFiles.replace(file, identity, Buffer.from('new'))).rejects.toThrow(
      /changed by somebody else/,
    );
    expect(readFileSync(file, 'utf8')).toBe('by somebody else');
  });

  test('has another identity after each write, also of the same bytes', async () => {
    const first = await ownFiles.read(file);
    const second = await ownFiles.replace(file, first.identity, first.bytes);
    expect(second).not.toBe(first.identity);
    expect((await ownFiles.read(file)).identity).toBe(second);
  });
});

describe.each([
  ['-rw-r----- 1 0 0 ? 12 Nov 26 01:00 x', { hasAccessList: false, context: '?' }],
  ['-rw-r-----+ 1 0 0 ? 12 Nov 26 01:00 x', { hasAccessList: true, context: '?' }],
  [
    '-rw-r-----. 1  1000  1000 system_u:object_r:etc_t:s0 12 Nov 26 01:00 x',
    { hasAccessList: false, context: 'system_u:object_r:etc_t:s0' },
  ],
  ['ls: unrecognized option: Z', undefined],
  ['', undefined],
])('the line %j of ls', (line, rights) => {
  test('says what rights a file has beyond its mode', () => {
    expect(parseExtraRights(line)).toEqual(rights);
  });
});

describe.runIf(mayMount)('a file that is mounted by itself', () => {
  test('in a container of the machine is noticed from outside, and is not replaced', async () => {
    expect(await isMounted(file)).toBe(false);
    const elsewhere = join(folder, 'elsewhere');
    writeFileSync(elsewhere, '');
    const container = spawn('unshare', [
      '-m',
      'sh',
      '-c',
      'mount --bind "$0" "$1" && echo mounted && read stop',
      file,
      elsewhere,
    ]);
    try {
      await once(container.stdout, 'data');
      const { identity } = await ownFiles.read(file);
      await expect(ownFiles.replace(file, identity, Buffer.from('new'))).rejects.toThrow(
        /mount its folder instead/,
      );
      expect(readFileSync(file, 'utf8')).toBe('old');
    } finally {
      container.stdin.end('stop\n');
      await once(container, 'close');
    }
    expect(await isMounted(file)).toBe(false);
  });
});
