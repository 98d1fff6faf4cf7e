import { access, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inflate } from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';
import { isInNpm } from './own-browser.ts';

const packageFolder = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '..');

/**
 * Starts the Chromium that the package `@sparticuz/chromium` carries, with the libraries and fonts that come with it, so
 * that nothing but npm is needed; on a machine that it is not for, Playwright's own. Web security stays on: what a page may
 * ask of another origin is under test.
 *
 * @param more further arguments
 */
export async function launchChromium(...more: readonly string[]): Promise<Browser> {
  return chromium.launch({
    ...(isInNpm && (await fromNpm())),
    // Containers have neither a user to drop to nor user namespaces.
    args: [
      '--no-sandbox',
      '--no-zygote',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      // A machine without a network has no other interface for the local stack's video.
      '--allow-loopback-in-peer-connection',
      ...more,
    ],
  });
}

async function fromNpm() {
  const folder = await unpackOnce();
  return {
    executablePath: join(folder, 'chromium'),
    env: {
      ...process.env,
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      FONTCONFIG_PATH: join(folder, 'fonts'),
    },
  };
}

/** Unpacks beside and renames, so that test files which run at the same time never see half of it. */
async function unpackOnce(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const folder = join(tmpdir(), `streampass-chromium-${version}-fonts`);
  if (await exists(folder)) return folder;
  const unpacked = await mkdtemp(`${folder}-`);
  await inTemporaryFolder(unpacked, () =>
    Promise.all(
      ['chromium.br', 'al2023.tar.br', 'fonts.tar.br'].map((name) =>
        inflate(join(packageFolder, 'bin', name)),
      ),
    ),
  );
  await writeFile(join(unpacked, 'fonts', 'fonts.conf'), fontsIn(folder));
  await rename(unpacked, folder).catch(async (error: unknown) => {
    await rm(unpacked, { recursive: true });
    if (!(await exists(folder))) throw error;
  });
  return folder;
}

/** The package's own list of folders names none of these, and Chromium ends where it finds no font at all. */
function fontsIn(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts/fonts</dir>
  <cachedir>${folder}/fonts/cache</cachedir>
</fontconfig>
`;
}

/** `inflate` writes to the folder for temporary files, and to no other. */
async function inTemporaryFolder(folder: string, work: () => Promise<unknown>): Promise<void> {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  try {
    await work();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
