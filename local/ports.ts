import { createServer } from 'node:net';

/**
 * Where each part of the local stack listens, on loopback. The media servers of the first target of a kind have the kind's port,
 * those of further ones `further` and those after it. `lambda` is the invoke API of serverless-offline, `offline` the emulation
 * itself, behind the API's front.
 */
export type Ports = Readonly<
  Record<
    | 'api'
    | 'oidc'
    | 'secrets'
    | 'page'
    | 'red5'
    | 'jitsi'
    | 'rtcstats'
    | 'lambda'
    | 'offline'
    | 'dynamodb'
    | 'kms'
    | 'further',
    number
  >
>;

/** The stack's ports, one after another; the default first one is 3000. */
export function portsFrom(first: number): Ports {
  return {
    api: first,
    oidc: first + 1,
    secrets: first + 2,
    page: first + 3,
    red5: first + 4,
    jitsi: first + 5,
    rtcstats: first + 6,
    lambda: first + 7,
    offline: first + 8,
    dynamodb: first + 9,
    kms: first + 10,
    further: first + 11,
  };
}

/** Where the media servers of these targets listen: the first of its kind on the kind's port, others on further ones. */
export function serverPorts(
  ports: Ports,
  kinds: Readonly<Record<string, 'red5' | 'jitsi' | 'rtcstats'>>,
): Readonly<Record<string, number>> {
  const placed = new Set<string>();
  let next = ports.further;
  const entries = Object.entries(kinds).map(([target, kind]) => {
    const isFirst = !placed.has(kind);
    placed.add(kind);
    return [target, isFirst ? ports[kind] : next++] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * One line for each port that something else listens on, before anything is started.
 *
 * @returns an empty list where all are free
 */
export async function takenPorts(ports: Readonly<Record<string, number>>): Promise<readonly string[]> {
  const checked = await Promise.all(
    Object.entries(ports).map(async ([name, port]: [string, number]) => {
      try {
        await (await holdPort(port)).release();
        return [];
      } catch {
        return [
          `port ${port} (${name}) is taken: end the program that listens on it, or choose other ports with --port`,
        ];
      }
    }),
  );
  return checked.flat();
}

/** Listens on a port until it is released. Rejects if the port is taken. */
async function holdPort(port: number): Promise<{ release: () => Promise<void> }> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ port, host: '127.0.0.1', exclusive: true }, resolve);
  await promise;
  return { release: () => new Promise((released) => server.close(() => released())) };
}
