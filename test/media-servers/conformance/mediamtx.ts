import { createLocalJWKSet, exportJWK, jwtVerify } from 'jose';
import * as v from 'valibot';
import { mediamtx } from '../../../lib/media-servers/index.ts';
import type { ConformingServer } from './server.ts';

const permissions = v.array(v.object({ action: v.string(), path: v.string() }));

/** The documented rule of `mediamtx_permissions`: an action, and a path that is empty, a regular expression or exact. */
export function isPermitted(claim: unknown, action: string, path: string): boolean {
  return v
    .parse(permissions, claim)
    .some(
      (permission) =>
        permission.action === action &&
        (permission.path === '' ||
          (permission.path.startsWith('~')
            ? new RegExp(permission.path.slice(1)).test(path)
            : permission.path === path)),
    );
}

/**
 * MediaMTX with `authMethod: jwt`, by its documentation: a key of the key set by `kid`, `exp` without leeway, issuer and
 * audience as they are configured, then the permissions.
 */
export const mediamtxServer: ConformingServer = {
  target: mediamtx({ issuer: 'streampass' }),
  powers: ['api', 'metrics', 'pprof', 'playback'],
  longest: 720,
  async decide(token, keys, now) {
    const jwks = await Promise.all(
      keys.map(async ({ kid, alg, key }) => ({ ...(await exportJWK(key)), kid, alg })),
    );
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: jwks }), {
      issuer: 'streampass',
      audience: 'mediamtx',
      currentDate: new Date(now * 1000),
    });
    return ({ action, room }) => isPermitted(payload['mediamtx_permissions'], action, room);
  },
};
