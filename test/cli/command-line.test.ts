import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Each `npm run` command for people answers `--help`, and a wrong option by one line. */

const ROOT = join(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const commands = Object.entries(scripts).filter(([, line]) => /^node (cli\/|test\/rotation\/)/.test(line));

const run = (line: string, option: string): Promise<unknown> =>
  promisify(execFile)(process.execPath, [...line.split(' ').slice(1), option], { cwd: ROOT });

test.each(commands)('%s --help prints the usage', async (_name, line) => {
  expect(await run(line, '--help')).toEqual({ stdout: expect.stringMatching(/^usage: /i), stderr: '' });
});

test.each(commands)(
  '%s with an unknown option prints one line and ends with status 2',
  async (_name, line) => {
    await expect(run(line, '--none')).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^[^\n]+\n$/),
    });
  },
);
