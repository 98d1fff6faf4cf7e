/** What a `streampass.config.ts` is written with. */
export { cognito } from '../identity/presets/cognito.ts';
export { oidc } from '../identity/presets/oidc.ts';
export { jitsi, red5, rtcstats } from '../targets/index.ts';
export { defineConfig } from './config.ts';
export { hours, minutes } from './duration.ts';
export { fleetFromEnv } from './fleet-from-env.ts';
