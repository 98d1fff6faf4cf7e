import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fileServers } from '../../lib/fleet/files.ts';
import { createReload, type RunReload } from '../../lib/fleet/reload.ts';
import { nodeSettingsProblems } from '../../lib/fleet/node-settings.ts';
import { ownFiles } from '../../lib/fleet/replace-file.ts';
import { configFile, keyRingFile } from '../../lib/fleet/secret-file.ts';
import { isRoot } from '../support/lacking.ts';

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

let now = 1_800_000_000;

interface Options {
  reload?: string;
  files?: string[];
  timeoutMs?: number;
  runReload?: RunReload;
}

function servers({ reload, files = [file], timeoutMs = 5000, runReload }: Options = {}) {
  return fileServers({
    paths: files,
    format: configFile('red5'),
    files: ownFiles,
    reload,
    runReload: runReload ?? createReload(timeoutMs, process.env['PATH']),
    settingsProblems: (settings) => nodeSettingsProblems('red5', settings, expected),
    now: () => now,
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
    const leftover = join(folder, '.red5-web.properties.streampass-new-00000000-0000-4000-8000-000000000000');
    writeFileSync(leftover, text(v2.text));
    utimesSync(leftover, 1_700_000_000, 1_700_000_000);
    await servers().apply('arn', [v2], [file]);
    expect(readdirSync(folder)).toEqual(['red5-web.properties']);
  });

  test('that another run is writing at this moment stays, though the clock of this machine is ahead', async () => {
    const written = '.red5-web.properties.streampass-new-00000000-0000-4000-8000-000000000001';
    writeFileSync(join(folder, written), text(v2.text));
    vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ['Date'] });
    try {
      await servers().observe('arn', [v2]);
    } finally {
      vi.useRealTimers();
    }
    expect(readdirSync(folder)).toContain(written);
  });

  test('is whole at every moment while several invocations replace it', async () => {
    const whole = [v1, v2].map((version) => Buffer.from(text(version.text).repeat(10_000)));
    const replace = async (bytes: Buffer) =>
      ownFiles.replace(file, (await ownFiles.read(file)).identity, bytes);
    await replace(whole[0] as Buffer);
    let running = true;
    const seen: boolean[] = [];
    const reader = (async () => {
      while (running) {
        const now = await readFile(file);
        seen.push(whole.some((bytes) => bytes.equals(now)));
      }
    })();
    const problems = new Set<string>();
    try {
      for (let turn = 0; turn < 5; turn++)
        for (const result of await Promise.allSettled([...whole, ...whole].map(replace)))
          if (result.status === 'rejected') problems.add((result.reason as Error).message);
    } finally {
      running = false;
      await reader;
    }
    expect(new Set(seen)).toEqual(new Set([true]));
    expect([...problems].filter((problem) => !problem.includes('changed by somebody else'))).toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['red5-web.properties']);
  });

  test.each([
    ['is missing', () => rmSync(file), /is missing/],
    ['is a folder', () => (rmSync(file), mkdirSync(file)), /is not a regular file/],
    [
      'is a symbolic link',
      () => (
        rmSync(file),
        writeFileSync(join(folder, 'real'), text(v1.text)),
        symlinkSync(join(folder, 'real'), file)
      ),
      /is a symbolic link: name the file itself/,
    ],
    [
      'is a pipe that nobody writes to',
      () => (rmSync(file), execFileSync('mkfifo', [file])),
      /not a regular file/,
    ],
    [
      'has a second hard link',
      () => linkSync(file, join(folder, 'link')),
      /second hard link.*remove the link/,
    ],
    ['lacks the key', () => writeFileSync(file, 'auth.active=true\n'), /jwt.secret is missing/],
    [
      'has the key twice',
      () => writeFileSync(file, text(v1.text).repeat(2)),
      /jwt.secret is listed more than once/,
    ],
    ['holds another secret', () => writeFileSync(file, text('x'.repeat(40))), /none of the live versions/],
    ['holds no secret', () => writeFileSync(file, text('')), /jwt.secret is empty/],
  ])('that %s is one line of its node, and never counts as held', async (_, spoil, problem) => {
    spoil();
    expect(await problemOfNode()).toMatch(problem);
  });

  test.runIf(isRoot).each([
    ['everybody', () => chmodSync(folder, 0o777), /anybody can rename files in .*chmod o-w/],
    ['a group', () => (chownSync(folder, 0, 4), chmodSync(folder, 0o770)), /a group can rename/],
  ])('that is in a folder of %s is none for root', async (_, spoil, problem) => {
    spoil();
    expect(await problemOfNode()).toMatch(problem);
  });

  async function problemOfNode(): Promise<string> {
    const { nodes } = await servers().observe('arn', versions);
    expect(nodes).toHaveLength(1);
    expect(nodes[0]).toMatchObject({ node: file, holds: [] });
    expect(nodes[0]?.problem).not.toMatch(/\n|xxxx/);
    return nodes[0]?.problem ?? '';
  }

  test('that every user can read is reported, though it holds its version', async () => {
    chmodSync(file, 0o644);
    const { nodes } = await servers().observe('arn', versions);
    expect(nodes[0]).toMatchObject({
      holds: [v1.versionId],
      problem: 'can be read by every user of the machine: chmod o-r',
    });
  });

  test('that is read-only stays as it is', async () => {
    chmodSync(file, 0o440);
    const [state] = await servers().apply('arn', [v2], [file]);
    expect(state).toEqual({ node: file, holds: [], problem: 'is read-only: chmod u+w' });
    expect(readFileSync(file, 'utf8')).toBe(text(v1.text));
    expect(readdirSync(folder)).toEqual(['red5-web.properties']);
  });

  test('that is a symbolic link is not followed', async () => {
    const real = join(folder, 'real');
    writeFileSync(real, text(v1.text), { mode: 0o600 });
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
  test('is run for a path that looks like a pattern of replacement', async () => {
    const strange = join(folder, "a$&b$'c.properties");
    writeFileSync(strange, text(v1.text), { mode: 0o600 });
    await servers({ files: [strange], reload: 'cp {file} {file}.seen' }).apply('arn', [v2], [strange]);
    expect(readFileSync(`${strange}.seen`, 'utf8')).toBe(text(v2.text));
  });

  test('is run with the path in place of {file}, without a shell', async () => {
    const strange = join(folder, 'a b;c$(d).properties');
    writeFileSync(strange, text(v1.text), { mode: 0o600 });
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
    [
      'does not exist',
      'no-such-command-here',
      /^the reload command cannot be run \(ENOENT\): name a program of this machine$/,
    ],
    ['hangs', 'sleep 60', /^the reload command did not end within 0.3 s$/],
    ['hangs with children of its own', 'sleep 60 | sleep 60', /did not end within 0.3 s/],
    ['prints the secret and fails', 'cat {file}; false', /^the reload command failed \(exit status 1\)$/],
  ])('that %s leaves its node not to be counted on until a reload has worked', async (_, reload, problem) => {
    const [state] = await servers({ reload, timeoutMs: 300 }).apply('arn', [v2], [file]);
    expect(state).toMatchObject({ node: file, holds: [] });
    expect(state?.problem).toMatch(problem);
    expect(await holds({ reload })).toEqual([]);
    await servers({ reload: 'true' }).apply('arn', [v2], [file]);
    expect(await holds({ reload })).toEqual([v2.versionId]);
    expect(readdirSync(folder)).toEqual(['.red5-web.properties.streampass-reload', 'red5-web.properties']);
  });

  test('that fails at one node keeps the secret from the next', async () => {
    const other = join(folder, 'other.properties');
    writeFileSync(other, text(v1.text), { mode: 0o600 });
    const fleet = servers({ files: [file, other], reload: 'test {file} != ' + file });
    expect(await fleet.apply('arn', [v2], [file, other])).toHaveLength(1);
    expect(readFileSync(other, 'utf8')).toBe(text(v1.text));
    const [state] = await fleet.apply('arn', [v2], [other]);
    expect(state?.holds).toEqual([v2.versionId]);
  });

  test('that fails keeps the secret from none in an emergency', async () => {
    const other = join(folder, 'other.properties');
    writeFileSync(other, text(v1.text), { mode: 0o600 });
    const fleet = servers({ files: [file, other], reload: 'test {file} != ' + file });
    const states = await fleet.apply('arn', [v2], 'all', { failuresAllowed: Infinity, now });
    expect(states.map(({ holds }) => holds)).toEqual([[], [v2.versionId]]);
  });

  test('that failed says how often and when, so that the next try can wait', async () => {
    const fleet = servers({ reload: 'false' });
    await fleet.apply('arn', [v2], [file]);
    now += 100;
    await fleet.apply('arn', [v2], [file]);
    const { nodes } = await fleet.observe('arn', versions);
    expect(nodes).toEqual([
      {
        node: file,
        holds: [],
        problem: 'the reload command failed (exit status 1)',
        failed: { version: v2.versionId, at: now, times: 2 },
      },
    ]);
  });

  test('that never ran, because the run was killed after the change, is due', async () => {
    await servers({ runReload: () => Promise.reject(new Error('killed')), reload: 'x' }).apply(
      'arn',
      [v2],
      [file],
    );
    writeFileSync(file, text(v2.text));
    const { nodes } = await servers({ reload: 'true' }).observe('arn', versions);
    expect(nodes[0]).toMatchObject({
      holds: [],
      problem: 'was changed, but its server has not been reloaded since',
    });
  });

  test('of another run proves nothing of what this run wrote', async () => {
    const slow = Promise.withResolvers<{ ok: true }>();
    const began = Promise.withResolvers<void>();
    const runA = servers({
      reload: 'x',
      runReload: () => (began.resolve(), slow.promise),
    }).apply('arn', [v2], [file]);
    await began.promise;
    // A backup is restored, and the server restarts.
    writeFileSync(file, text(v1.text));
    await servers({ reload: 'false' }).apply('arn', [v2], [file]);
    slow.resolve({ ok: true });
    await runA;
    const { nodes } = await servers({ reload: 'true' }).observe('arn', versions);
    expect(nodes[0]).toMatchObject({ holds: [], failed: { version: v2.versionId, times: 1 } });
    await servers({ reload: 'true' }).apply('arn', [v2], [file]);
    expect((await servers({ reload: 'true' }).observe('arn', versions)).nodes[0]?.holds).toEqual([
      v2.versionId,
    ]);
  });

  test('that is under way is not begun again by an overlapping run', async () => {
    const slow = Promise.withResolvers<{ ok: true }>();
    const began = Promise.withResolvers<void>();
    let reloads = 0;
    const runReload: RunReload = () => {
      reloads++;
      began.resolve();
      return slow.promise;
    };
    const first = servers({ reload: 'x', runReload }).apply('arn', [v2], [file]);
    await began.promise;
    const [state] = await servers({ reload: 'x', runReload }).apply('arn', [v2], [file]);
    expect(state).toMatchObject({ holds: [], problem: 'its reload is under way' });
    slow.resolve({ ok: true });
    await first;
    expect(reloads).toBe(1);
  });

  test.each([
    ['a symbolic link', (note: string) => symlinkSync('/etc/passwd', note)],
    ['a pipe', (note: string) => execFileSync('mkfifo', [note])],
    ['a folder', (note: string) => mkdirSync(note)],
  ])('whose note is %s is a line of its node, and nothing is followed or waited for', async (_, make) => {
    make(join(folder, '.red5-web.properties.streampass-reload'));
    const { nodes } = await servers({ reload: 'true' }).observe('arn', versions);
    expect(nodes[0]).toMatchObject({ holds: [] });
    expect(nodes[0]?.problem).toMatch(/^\.red5-web\.properties\.streampass-reload beside it is /);
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
  const ringServers = (ring: string) =>
    fileServers({
      paths: [ring],
      format: keyRingFile,
      files: ownFiles,
      runReload: createReload(1000, undefined),
      settingsProblems: () => [],
      now: () => now,
    });

  test('holds every live version by kid, and drops the others', async () => {
    const ring = join(folder, 'ring.json');
    writeFileSync(ring, '{"99999999":"an old secret"}', { mode: 0o600 });
    const fleet = ringServers(ring);
    expect((await fleet.observe('arn', versions)).nodes[0]?.holds).toEqual(['99999999']);
    await fleet.apply('arn', versions, [ring]);
    expect(JSON.parse(readFileSync(ring, 'utf8'))).toEqual({ '11111111': v1.text, '22222222': v2.text });
    expect((await fleet.observe('arn', versions)).nodes[0]?.holds).toEqual([v1.versionId, v2.versionId]);
  });

  test.each([
    ['an array', '["a"]'],
    ['a config file of Prosody', 'VirtualHost "meet.example.com"\n app_secret = "old"\n'],
    ["LiveKit's keys", 'APIwebhooks: a-secret\n'],
    ["LiveKit's keys in JSON", '{"APIwebhooks": "a-secret"}'],
    ['an object in a ring', '{"11111111": {}}'],
    ['a ring that was cut off', '{"11111111": "a'],
  ])('that holds %s is left alone, and says so', async (_, content) => {
    const ring = join(folder, 'ring.json');
    writeFileSync(ring, content, { mode: 0o600 });
    const fleet = ringServers(ring);
    const problem = expect.stringMatching(
      /^is neither empty nor a key ring .* so it is left alone/,
    ) as string;
    expect((await fleet.observe('arn', versions)).nodes).toEqual([{ node: ring, holds: [], problem }]);
    expect(await fleet.apply('arn', versions, [ring])).toEqual([{ node: ring, holds: [], problem }]);
    expect(readFileSync(ring, 'utf8')).toBe(content);
  });
});

describe('a secret that servers cannot hold', () => {
  test.each([
    '{"secret":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}',
    'pa$$ "word" & more, and more, and more',
  ])('is never written: %s', async (hand) => {
    const [state] = await servers().apply('arn', [{ ...v2, text: hand }], [file]);
    expect(state).toMatchObject({
      holds: [],
      problem: expect.stringMatching(/32 to 256 characters/) as string,
    });
    expect(readFileSync(file, 'utf8')).toBe(text(v1.text));
  });
});

function stateOfProcess(pid: string): string {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) ? (readFileSync(stat, 'utf8').split(' ')[2] ?? '') : 'gone';
}
