import { join } from 'node:path';
import { buildFunctions } from '../../build/build-functions.ts';

/** Where the functions are that tests call: bundled as they ship, with the fixture's configuration. */
export const BUILT = join(import.meta.dirname, '../../dist/test');

/** Before any test: the bundles are those of this code. */
export async function setup(): Promise<void> {
  await buildFunctions(join(import.meta.dirname, 'streampass.config.ts'), BUILT);
}
