import { holdPort, portsFrom, type Ports } from '../../local/ports.ts';

/** As many free ports as the stack needs, for tests that run beside others. */
export async function freePorts(): Promise<Ports> {
  const names = Object.keys(portsFrom(0));
  const servers = await Promise.all(names.map(() => holdPort(0)));
  const ports = names.map((name, index) => [name, servers[index]?.port] as const);
  await Promise.all(servers.map((server) => server.release()));
  return Object.fromEntries(ports) as unknown as Ports;
}
