import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fileServers } from '../../lib/fleet/files.ts';
import { createReload } from '../../lib/fleet/reload.ts';
import { replaceFile } from '../../lib/fleet/replace-file.ts';
import { configFile, keyRingFile } from '../../lib/fleet/secret-file.ts';

const v1 = {
  versionId: '11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
  text: 'first-secret-first-secret-first-secret-1',
};
const v2 = {
  versionId: '22222222-bbbb-4bbb-8bbb-bbbbbbbbbbbb',
  text: 'other-secret-other-secret-other-secret-2',
};
const versions = [v1, v2];
const expected = { issuer: 'streampass', longestTokenSeconds: 3540, clockSkewSeconds: 60 };
const red5 = configFile('red5', expected);
const text = (secret: string) =>
  `# kept\nauth.active=true\njwt.secret=${secret}\njwt.ttl.minutes=60\njwt.issuer=streampass\n`;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'streampass-files-'));
  file = join(folder, 'red5-web.properties');
  writeFileSync(file, text(v1.text), { mode: 0o640 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function servers(options: { reload?: string; files?: string[]; timeoutMs?: number } = {}) {
  const { reload, files = [file], timeoutMs = 5000 } = options;
  return fileServers({
    files,
    format: red5,
    reload,
    runReload: createReload(timeoutMs, process.env['PATH']),
  });
}

async function holds(options = {}): Promise<readonly string[]> {
  return (await servers(options).observe('arn', versions)).nodes.flatMap((node) => node.holds);
}

describe('a config file', () => {
  test('is changed in its one value, and keeps every other byte, its mode and its owner', async () => {
    const before = statSync(file);
    const [state] = await servers().apply('arn', [v2], [file]);
    expect(state).toEqual({ node: file, holds: [v2.versionId] });
    expect(readFileSync(file, 'utf8')).toBe(text(v2.text));
    const after = statSync(file);
    expect([after.mode, after.uid, after.gid]).toEqual([before.mode, before.uid, before.gid]);
    expect(readdirSync(folder)).toEqual(['red5-web.properties']);
  });

  test('is replaced by a new file, so that no reader ever sees half of it', async () => {
    const { ino } = statSync(file);
    await servers().apply('arn', [v2], [file]);
    expect(statSync(file).ino).not.toBe(ino);
  });

  test('that a killed run left half done is cleaned up by the next', async () => {
    const leftover = '.red5-web.properties.streampass-new-00000000-0000-4000-8000-000000000000';
    writeFileSync(join(folder, leftover), text(v2.text));
    await servers().apply('arn', [v2], [file]);
    expect(readdirSync(folder)).toEqual(['red5-web.properties']);
  });

  test('is whole at every moment while several invocations replace it', async () => {
    const whole = [v1, v2].map((version) => Buffer.from(text(version.text).repeat(10_000)));
    await replaceFile(file, whole[0] as Buffer);
    let running = true;
    const seen: boolean[] = [];
    const reader = (async () => {
      while (running) {
        const now = await readFile(file);
        seen.push(whole.some((bytes) => bytes.equals(now)));
      }
    })();
    try {
      for (let turn = 0; turn < 10; turn++)
        await Promise.all([...whole, ...whole].map((bytes) => replaceFile(file, bytes)));
    } finally {
      running = false;
      await reader;
    }
    expect(new Set(seen)).toEqual(new Set([true]));
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['red5-web.properties']);
  });

  test.each([
    ['is missing', () => rmSync(file), /is missing/],
    ['is a folder', () => (rmSync(file), mkdirSync(file)), /is no regular file/],
    [
      'is a symbolic link',
      () => (
        rmSync(file),
        writeFileSync(join(folder, 'real'), text(v1.text)),
        symlinkSync(join(folder, 'real'), file)
      ),
      /is a symbolic link: name the file itself/,
    ],
    ['lacks the key', () => writeFileSync(file, 'auth.active=true\n'), /jwt.secret is missing/],
    [
      'has the key twice',
      () => writeFileSync(file, text(v1.text).repeat(2)),
      /jwt.secret stands more than once/,
    ],
    ['holds another secret', () => writeFileSync(file, text('x'.repeat(40))), /none of the live versions/],
    ['holds no secret', () => writeFileSync(file, text('')), /jwt.secret is empty/],
  ])('that %s is one line of its node, and never counts as held', async (_, spoil, problem) => {
    spoil();
    const { nodes } = await servers().observe('arn', versions);
    expect(nodes).toHaveLength(1);
    expect(nodes[0]).toMatchObject({ node: file, holds: [] });
    expect(nodes[0]?.problem).toMatch(problem);
    expect(nodes[0]?.problem).not.toMatch(/\n|xxxx/);
  });

  test('that is read-only stays as it is', async () => {
    chmodSync(file, 0o440);
    const [state] = await servers().apply('arn', [v2], [file]);
    expect(state).toEqual({ node: file, holds: [], problem: 'is read-only' });
    expect(readFileSync(file, 'utf8')).toBe(text(v1.text));
    expect(readdirSync(folder)).toEqual(['red5-web.properties']);
  });

  test('that is a symbolic link is not followed', async () => {
    const real = join(folder, 'real');
    writeFileSync(real, text(v1.text));
    rmSync(file);
    symlinkSync(real, file);
    const [state] = await servers().apply('arn', [v2], [file]);
    expect(state?.problem).toMatch(/symbolic link/);
    expect(readFileSync(real, 'utf8')).toBe(text(v1.text));
  });

  test.each([
    ['jwt.ttl.minutes=60', 'jwt.ttl.minutes=59', /jwt.ttl.minutes is 59: it must be at least 60/],
    ['jwt.issuer=streampass', 'jwt.issuer=other', /jwt.issuer is "other"/],
    ['auth.active=true', 'auth.active=false', /lets everyone in/],
  ])('whose %s became %s is told, though it holds its version', async (was, became, problem) => {
    writeFileSync(file, text(v1.text).replace(was, became));
    const { nodes } = await servers().observe('arn', versions);
    expect(nodes[0]?.holds).toEqual([v1.versionId]);
    expect(nodes[0]?.problem).toMatch(problem);
  });
});

describe('a reload command', () => {
  test('is run with the path in place of {file}, without a shell', async () => {
    const strange = join(folder, 'a b;c$(d).properties');
    writeFileSync(strange, text(v1.text));
    const [state] = await servers({ files: [strange], reload: 'cp {file} {file}.seen' }).apply(
      'arn',
      [v2],
      [strange],
    );
    expect(state?.holds).toEqual([v2.versionId]);
    expect(readFileSync(`${strange}.seen`, 'utf8')).toBe(text(v2.text));
  });

  test('with operators is run by a shell', async () => {
    const reload = 'cat {file} > {file}.seen && test -s {file}.seen';
    await servers({ reload }).apply('arn', [v2], [file]);
    expect(readFileSync(`${file}.seen`, 'utf8')).toBe(text(v2.text));
  });

  test('gets none of our credentials', async () => {
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'of-the-test';
    await servers({ reload: 'env > {file}.env' }).apply('arn', [v2], [file]);
    expect(readFileSync(`${file}.env`, 'utf8')).not.toContain('AWS_');
  });

  test.each([
    ['fails', 'false', /^the reload command failed \(exit status 1\)$/],
    ['does not exist', 'no-such-command-here', /^the reload command cannot be run \(ENOENT\)$/],
    ['hangs', 'sleep 60', /^the reload command did not end within 0.3 s$/],
    ['hangs with children of its own', 'sleep 60 | sleep 60', /did not end within 0.3 s/],
    ['prints the secret and fails', 'cat {file}; false', /^the reload command failed \(exit status 1\)$/],
  ])('that %s leaves its node not to be counted on until a reload has worked', async (_, reload, problem) => {
    const [state] = await servers({ reload, timeoutMs: 300 }).apply('arn', [v2], [file]);
    expect(state).toMatchObject({ node: file, holds: [] });
    expect(state?.problem).toMatch(problem);
    expect(await holds({ reload })).toEqual([]);
    await servers({ reload: 'true' }).apply('arn', [v2], [file]);
    expect(await holds()).toEqual([v2.versionId]);
    expect(readdirSync(folder)).toEqual(['red5-web.properties']);
  });

  test('that fails at one node keeps the secret from the next, which comes first the next time', async () => {
    const other = join(folder, 'other.properties');
    writeFileSync(other, text(v1.text));
    const reload = 'test {file} != ' + file;
    const fleet = servers({ files: [file, other], reload });
    expect(await fleet.apply('arn', [v2], [file, other])).toHaveLength(1);
    expect(readFileSync(other, 'utf8')).toBe(text(v1.text));
    const again = await fleet.apply('arn', [v2], [file, other]);
    expect(again.map(({ node }) => node)).toEqual([other, file]);
    expect(again[0]?.holds).toEqual([v2.versionId]);
  });

  test('that never ran, because the run was killed after the change, is due', async () => {
    writeFileSync(join(folder, '.red5-web.properties.streampass-reload'), '');
    writeFileSync(file, text(v2.text));
    const { nodes } = await servers().observe('arn', versions);
    expect(nodes[0]).toMatchObject({
      holds: [],
      problem: 'was changed, but its server has not been reloaded since',
    });
  });

  test('is killed with all that it started', async () => {
    const pidFile = join(folder, 'pid');
    await servers({ reload: `sleep 61 & echo $! > ${pidFile}; wait`, timeoutMs: 300 }).apply(
      'arn',
      [v2],
      [file],
    );
    const pid = readFileSync(pidFile, 'utf8').trim();
    // The kill is sent; the kernel may carry it out a moment later.
    await vi.waitFor(() => expect(stateOfProcess(pid)).toMatch(/gone|Z/));
  });
});

describe('a key ring file', () => {
  test('holds every live version by kid, and drops the others', async () => {
    const ring = join(folder, 'ring.json');
    writeFileSync(ring, '{"99999999":"an old secret"}');
    const fleet = fileServers({
      files: [ring],
      format: keyRingFile,
      runReload: createReload(1000, undefined),
    });
    expect((await fleet.observe('arn', versions)).nodes[0]?.holds).toEqual(['99999999']);
    await fleet.apply('arn', versions, [ring]);
    expect(JSON.parse(readFileSync(ring, 'utf8'))).toEqual({ '11111111': v1.text, '22222222': v2.text });
    expect((await fleet.observe('arn', versions)).nodes[0]?.holds).toEqual([v1.versionId, v2.versionId]);
  });

  test('that is no JSON object of texts is one line', async () => {
    const ring = join(folder, 'ring.json');
    writeFileSync(ring, '["a"]');
    const fleet = fileServers({
      files: [ring],
      format: keyRingFile,
      runReload: createReload(1000, undefined),
    });
    expect((await fleet.observe('arn', versions)).nodes[0]?.problem).toMatch(/^is no JSON object of texts/);
  });
});

function stateOfProcess(pid: string): string {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) ? (readFileSync(stat, 'utf8').split(' ')[2] ?? '') : 'gone';
}
