import type { Kick } from './kick.ts';

/** How often the nodes are looked at, in seconds. */
const LOOKS_EVERY_SECONDS = 1;

/**
 * Prosody with `mod_streampass_kick`: its agents fetch the list of denied hashes by themselves, so this waits until every
 * server has followed.
 *
 * @returns how many sessions were ended
 * @throws {Error} a server has not followed in time, or no agent asks who is denied
 */
export const kickJitsi: Kick = async ({ told, now, pause, deadline }) => {
  const before = new Map((await told()).nodes.map(({ id, holds }) => [id, holds]));
  for (;;) {
    const { list, nodes } = await told();
    const behind = nodes.filter(({ holds }) => holds !== list);
    if (nodes.length > 0 && behind.length === 0) {
      // A server that had this list before has ended no session because of this denial.
      const followed = nodes.filter(({ id }) => before.get(id) !== list);
      return followed.reduce((sum, { ended }) => sum + ended, 0);
    }
    if (now() >= deadline) {
      const names = behind.map(({ node }) => node).join(', ');
      throw new Error(
        nodes.length === 0 ? 'no agent asks who is denied (denied=)' : `${names}: has not followed yet`,
      );
    }
    await pause(LOOKS_EVERY_SECONDS);
  }
};
