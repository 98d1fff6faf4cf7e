import { spawn } from 'node:child_process';

/** The result of a reload command; `problem` never holds what the command printed. */
export type Reloaded = { readonly ok: true } | { readonly ok: false; readonly problem: string };

/** Runs a reload command for one changed file. */
export type RunReload = (command: string, file: string) => Promise<Reloaded>;

/**
 * Runs reload commands, each for at most `timeoutMs`. Then the command and every process that it started are killed.
 * A command of plain words is run without a shell. Its output is dropped, because servers print their settings.
 *
 * @param path where commands are searched; no other variable of our environment is passed on, because it holds credentials
 */
export function createReload(timeoutMs: number, path: string | undefined): RunReload {
  return (command, file) =>
    new Promise((resolve) => {
      const words = toWords(command, file);
      if ('problem' in words) return resolve({ ok: false, problem: words.problem });
      const [program = '', ...args] = words.words;
      let timedOut = false;
      // A process group of its own, so that all its processes can be killed.
      const child = spawn(program, args, {
        detached: true,
        stdio: 'ignore',
        env: { PATH: path ?? '/usr/local/bin:/usr/bin:/bin' },
      });
      const timer = setTimeout(() => {
        timedOut = true;
        killGroup(child.pid);
      }, timeoutMs);
      child.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        resolve({
          ok: false,
          problem: `the reload command cannot be run (${error.code ?? error.name}): name a program of this machine`,
        });
      });
      child.on('exit', (code, signal) => {
        clearTimeout(timer);
        if (timedOut)
          resolve({ ok: false, problem: `the reload command did not end within ${timeoutMs / 1000} s` });
        else if (code === 0) resolve({ ok: true });
        else
          resolve({ ok: false, problem: `the reload command failed (${signal ?? `exit status ${code}`})` });
      });
    });
}

/** Characters that a POSIX shell does not simply split into words. */
const NEEDS_SHELL = /[|&;<>()$`\\"'*?[\]#~=%!{}\n]/;

function toWords(command: string, file: string): { words: string[] } | { problem: string } {
  const plain = command.replaceAll('{file}', '');
  if (!NEEDS_SHELL.test(plain)) {
    const words = command.split(/\s+/).filter((word) => word !== '');
    if (words.length === 0) return { problem: 'the reload command is empty' };
    return { words: words.map((word) => word.replaceAll('{file}', () => file)) };
  }
  // In a shell command the path replaces {file}, quoted or not, so it must need no quotes.
  if (command.includes('{file}') && !/^[A-Za-z0-9_./@:+,-]+$/.test(file)) {
    return {
      problem:
        'the path holds characters that a shell would read: name a reload command without quotes or operators',
    };
  }
  return { words: ['/bin/sh', '-c', command.replaceAll('{file}', () => file)] };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended on its own in between.
  }
}
