/** `node --import …/end-with-parent.ts`: that process ends when the one that started it does, however it does. Needs an IPC channel. */

process.once('disconnect', () => process.exit());
