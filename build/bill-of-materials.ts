import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import * as v from 'valibot';

const root = join(import.meta.dirname, '..');

const manifest = v.object({
  name: v.string(),
  version: v.string(),
  license: v.optional(v.string(), 'NOASSERTION'),
  author: v.optional(
    v.union([
      v.string(),
      v.pipe(
        v.object({ name: v.string() }),
        v.transform(({ name }) => name),
      ),
    ]),
  ),
});
const lockFile = v.object({
  packages: v.record(v.string(), v.object({ integrity: v.optional(v.string()) })),
});

/** A package of which a bundle holds code. */
export interface Bundled {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string;
  /** The text that has to go with it: its licence file, else the words of the licence that it names; absent if these are not known. */
  readonly licenseText?: string;
  /** Subresource integrity of its archive, as the lock file has it. */
  readonly integrity?: string;
}

/** The folder of a package in an input's path, maybe below another's; the path may begin outside of this folder. */
const PACKAGE_FOLDER = /(?:^|\/)((?<!node_modules.*)node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)/;

/** The packages that are in these bundles, by name: what ships, whatever else is installed. */
export async function bundledPackages(metafiles: readonly Metafile[]): Promise<readonly Bundled[]> {
  const inputs = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap((output) => Object.keys(output.inputs)),
  );
  const folders = new Set(inputs.flatMap((input) => PACKAGE_FOLDER.exec(input)?.[1] ?? []));
  const { packages } = v.parse(lockFile, JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')));
  const bundled = await Promise.all(
    [...folders].sort().map(async (folder) => {
      const { name, version, license, author } = v.parse(
        manifest,
        JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')),
      );
      const file = (await readdir(join(root, folder))).find((entry) => /^licen[sc]e/i.test(entry));
      const licenseText =
        file === undefined
          ? await wordsOf(license, author ?? name)
          : await readFile(join(root, folder, file), 'utf8');
      const integrity = packages[folder]?.integrity;
      return {
        name,
        version,
        license,
        ...(licenseText !== undefined && { licenseText }),
        ...(integrity !== undefined && { integrity }),
      };
    }),
  );
  return bundled;
}

/** A licence's own words, for a package that names it and does not hold them. Apache-2.0 is this project's, too. */
async function wordsOf(license: string, author: string): Promise<string | undefined> {
  if (license === 'Apache-2.0') return readFile(join(root, 'LICENSE'), 'utf8');
  return license === 'MIT' ? `MIT License\n\nCopyright (c) ${author}\n\n${MIT}` : undefined;
}

/** https://spdx.org/licenses/MIT.html */
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software
is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT
HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** The licences that must go with the bundles, as one text: each licence once, with the packages that it is of. */
export function licencesOf(packages: readonly Bundled[]): string {
  const byText = Map.groupBy(packages, ({ license, licenseText }) => licenseText?.trim() ?? license);
  return [...byText]
    .map(([text, of]) => `${of.map(({ name, version }) => `${name} ${version}`).join(', ')}\n\n${text}\n`)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/**
 * A bill of materials of the bundles.
 *
 * @see CycloneDX 1.6, "JSON Reference"; package-url specification, type npm
 */
export async function billOfMaterials(packages: readonly Bundled[]): Promise<unknown> {
  const { version: own } = v.parse(manifest, JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: { type: 'application', name: 'streampass', version: own, 'bom-ref': 'streampass' },
    },
    components: packages.map(({ name, version, license, integrity }) => {
      const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
      const [algorithm, digest] = integrity?.split('-', 2) ?? [];
      return {
        type: 'library',
        'bom-ref': purl,
        name,
        version,
        purl,
        licenses: [{ expression: license }],
        ...(algorithm === 'sha512' &&
          digest !== undefined && {
            hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }],
          }),
      };
    }),
  };
}
