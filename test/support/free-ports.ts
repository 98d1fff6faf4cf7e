import { randomInt } from 'node:crypto';
import { portsFrom, takenPorts, type Ports } from '../../local/ports.ts';

/** Ports of the stack that are all free now, for tests that run beside others: as `--port` of the commands would name them. */
export async function freePorts(): Promise<Ports> {
  for (;;) {
    // Below the ports that systems give to outgoing connections.
    const ports = portsFrom(14_000 + 16 * randomInt(1000));
    // Further media servers have the ports after the first of them.
    const further = { second: ports.further + 1, third: ports.further + 2 };
    if ((await takenPorts({ ...ports, ...further })).length === 0) return ports;
  }
}
