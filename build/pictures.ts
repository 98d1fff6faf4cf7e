/** `npm run pictures`: draws the pictures of README and docs/ anew. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { architecture } from './pictures/architecture.ts';
import { rotation } from './pictures/rotation.ts';
import { states } from './pictures/states.ts';

/** From a file of the repository to what draws it. */
export const PICTURES: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/pictures/architecture.svg': architecture,
  'docs/pictures/rotation.svg': rotation,
  'docs/pictures/states.svg': states,
};

async function drawAll(): Promise<void> {
  for (const [file, draw] of Object.entries(PICTURES)) {
    await writeFile(join(import.meta.dirname, '..', file), await draw());
  }
}

if (import.meta.main) await drawAll();
