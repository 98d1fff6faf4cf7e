/** `npm run -s sbom`: prints the bill of materials (CycloneDX) of what the build put into its bundles. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

process.stdout.write(await readFile(join(import.meta.dirname, '../dist/sbom.json')));
