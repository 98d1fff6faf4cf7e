/**
 * Kills the process at its n-th call that changes something on disk (`KILL_AT`, from 1), before the call or after it
 * (`KILL_WHEN`). Without `KILL_AT` it prints to descriptor 3 how many there were.
 */
import fs, { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const at = Number(process.env.KILL_AT ?? Infinity);
const after = process.env.KILL_WHEN === 'after';
let calls = 0;

function kill() {
  process.kill(process.pid, 'SIGKILL');
  // The kernel ends the process at its next step: nothing more may happen before.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function watched(call, isChange = () => true) {
  return async function (...args) {
    if (!isChange(...args)) return call.apply(this, args);
    calls++;
    if (calls === at && !after) kill();
    const result = await call.apply(this, args);
    if (calls === at && after) kill();
    return result;
  };
}

const handle = await promises.open(process.execPath, 'r');
const FileHandle = Object.getPrototypeOf(handle);
await handle.close();
for (const name of ['writeFile', 'chown', 'chmod', 'sync']) FileHandle[name] = watched(FileHandle[name]);
const isMade = (_path, flags) => (Number(flags) & fs.constants.O_CREAT) !== 0;
promises.open = watched(promises.open, isMade);
for (const name of ['rename', 'rm', 'unlink', 'writeFile']) promises[name] = watched(promises[name]);
syncBuiltinESMExports();
if (at === Infinity) process.on('exit', () => fs.writeSync(3, String(calls)));
