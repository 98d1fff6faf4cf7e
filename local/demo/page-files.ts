import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../..');
const pageFolder = join(import.meta.dirname, 'page');

/** One file of the page as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly body: string;
}

/**
 * The page's files by their paths, its script bundled in memory with streampass-client and the OpenID Connect client.
 *
 * @throws {Error} esbuild's own, where the script does not compile
 */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const [html, css, icon, script] = await Promise.all([
    readFile(join(pageFolder, 'index.html'), 'utf8'),
    readFile(join(pageFolder, 'page.css'), 'utf8'),
    readFile(join(pageFolder, 'icon.svg'), 'utf8'),
    bundleScript(),
  ]);
  const document = { type: 'text/html; charset=utf-8', body: html };
  return new Map([
    ['/', document],
    // Where the provider sends a sign-in back to.
    ['/callback', document],
    ['/page.css', { type: 'text/css; charset=utf-8', body: css }],
    ['/icon.svg', { type: 'image/svg+xml', body: icon }],
    ['/page.js', { type: 'text/javascript; charset=utf-8', body: script }],
  ]);
}

async function bundleScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(pageFolder, 'main.ts')],
    alias: {
      'streampass-client/connect': join(root, 'client/src/connect.ts'),
      'streampass-client/whep': join(root, 'client/src/whep.ts'),
      'streampass-client': join(root, 'client/src/index.ts'),
    },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
  });
  return outputFiles[0]?.text ?? '';
}
