/** GET /.well-known/jwks.json, GET /asap/{file} and GET /keys/{file}: the public keys of the targets that sign asymmetrically. */

import { createLiveKeysOf, keyTargets } from './wiring/target-keys.ts';
import { serveKeys } from '../lib/signing-keys/serve-keys.ts';
import { configured } from './wiring/configured.ts';
import { httpFunction } from './wiring/http-function.ts';

const loaded = await configured(() => import('../streampass.config.ts'), process.env);
const targets = keyTargets(loaded.config, createLiveKeysOf(loaded.config, process.env)).filter(
  ({ target }) => target.keys === 'jwks',
);

/** `GET /.well-known/jwks.json`, `GET /asap/{file}` and `GET /keys/{file}`: the keys of the targets whose servers fetch them. */
export const handler = httpFunction({
  name: 'keys',
  configured: loaded,
  answer: (event) => serveKeys(event, targets),
});
