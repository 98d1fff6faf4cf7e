import { spawnSync } from 'node:child_process';

/** Only root can act as another user, so only root has anything to lose by it. */
export const isRoot = process.geteuid?.() === 0;

export const isLinux = process.platform === 'linux';

/** As root, outside of a container that forbids it. */
export const mayMount = isLinux && spawnSync('unshare', ['-m', 'true']).status === 0;

/** A line for each part of the suite that this machine cannot run. */
export const lacking: readonly string[] = [
  ...(isRoot ? [] : ['what the agent does as root: this user is not root']),
  ...(mayMount ? [] : ['files that are mounted by themselves: this process may not mount']),
  ...(isLinux ? [] : ['memory of the agent, folders held open: Linux alone has /proc']),
].map((line) => `skipped: ${line}`);
