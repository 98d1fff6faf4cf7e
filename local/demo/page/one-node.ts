import { Unavailable } from './refusal.ts';

let turn = 0;

/**
 * A connection goes to one node, as a stream manager or a balancer with affinity sends it, so that the fallback is tried
 * where the first token was. A node that is down hands on to the next.
 */
export async function onOneNode<T>(nodes: number, connect: (node: number) => Promise<T>): Promise<T> {
  for (let left = nodes; ; left--) {
    try {
      return await connect(turn++ % nodes);
    } catch (error) {
      if (!(error instanceof Unavailable) || left <= 1) throw error;
    }
  }
}
