/** `node --import …/end-with-parent.ts`: that process ends when its parent ends, even if the parent is killed. Needs an IPC channel. */

process.once('disconnect', () => process.exit());
