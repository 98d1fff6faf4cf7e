import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configFileName, writeDefaultConfigFile } from '../../../local/media-servers/config-templates.ts';
import { configFileFormats } from '../../../lib/media-servers/config-files.ts';
import { temporaryFolder, writeText } from './support.ts';
import { secret } from './token-text.ts';

const expected = {
  red5: { issuer: 'streampass', longestTokenSeconds: 59 * 60, clockSkewSeconds: 60 },
  jitsi: {
    issuer: 'streampass',
    audience: 'jitsi',
    domain: 'meet.example.com',
    longestTokenSeconds: 3600,
    clockSkewSeconds: 60,
  },
  rtcstats: { longestTokenSeconds: 86_400, clockSkewSeconds: 60 },
} as const;

describe.each(['red5', 'jitsi', 'rtcstats'] as const)('the default file of %s', (kind) => {
  const format = configFileFormats[kind];

  test('holds no secret yet, can be given one, and then contradicts no token of ours', async () => {
    const file = join(await temporaryFolder(), 'new', 'folder', configFileName[kind]);
    expect(await writeDefaultConfigFile(kind, file)).toBe(true);
    const text = await readFile(file, 'utf8');
    expect(format.readSecret(text)).toEqual({ ok: true, secret: '' });
    const replaced = format.replaceSecret(text, secret);
    expect(replaced).toMatchObject({ ok: true });
    expect(format.problems(replaced.ok ? replaced.text : '', expected[kind])).toEqual([]);
  });

  test('is readable to its owner only', async () => {
    const file = join(await temporaryFolder(), 'config');
    await writeDefaultConfigFile(kind, file, { secret });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('leaves a file that is there alone', async () => {
    const file = join(await temporaryFolder(), 'config');
    await writeText(file, 'mine');
    expect(await writeDefaultConfigFile(kind, file, { secret })).toBe(false);
    expect(await readFile(file, 'utf8')).toBe('mine');
  });
});
