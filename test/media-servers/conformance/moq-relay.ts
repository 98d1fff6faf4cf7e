import { loadPublic, verify } from '@moq/token';
import { exportJWK } from 'jose';
import * as v from 'valibot';
import { vi } from 'vitest';
import { decodeCompactJws } from '../../../lib/jws/compact.ts';
import { moqRelay } from '../../../lib/media-servers/index.ts';
import type { ConformingServer } from './server.ts';

/** "Any other claim refuses the token." */
const KNOWN = ['root', 'put', 'get', 'publish', 'subscribe', 'exp', 'iat', 'nbf', 'iss', 'sub', 'jti'];

/**
 * moq-relay: its package verifies the token with the key that the `kid` names; then its documentation: a client may dial the
 * root or what is below it, and do there what the prefixes of `put` and `get` allow.
 *
 * @see moq-dev/moq `doc/bin/relay/auth.md`
 */
export const moqRelayServer: ConformingServer = {
  target: moqRelay({}),
  longest: 380,
  async decide(token, keys, now) {
    vi.setSystemTime(now * 1000);
    const { header, claims } = v.parse(
      v.object({ header: v.object({ kid: v.string() }), claims: v.looseObject({ root: v.string() }) }),
      decodeCompactJws(token),
    );
    const held = keys.find(({ kid }) => kid === header.kid);
    if (held === undefined || Object.keys(claims).some((name) => !KNOWN.includes(name))) return () => false;
    const { kid, alg, key } = held;
    const jwk = { ...(await exportJWK(key)), kid, alg, key_ops: ['verify'] };
    const { root, put, get } = await verify(loadPublic(JSON.stringify(jwk)), token, claims.root);
    return ({ action, room }) =>
      isBelow(room, root) &&
      [action === 'publish' ? put : get]
        .flat()
        .some((prefix) => prefix !== undefined && isBelow(room, [root, prefix].filter(Boolean).join('/')));
  },
};

function isBelow(path: string, root: string): boolean {
  return root === '' || path === root || path.startsWith(`${root}/`);
}
