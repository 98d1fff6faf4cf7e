import { existsSync } from 'node:fs';

/** Whether npm has a Chromium for this machine: `@sparticuz/chromium` holds one for this platform alone. */
export const isInNpm = process.platform === 'linux' && process.arch === 'x64';

/** Why no browser can be started on this machine; `undefined` if one can. */
export async function whyNoBrowser(): Promise<string | undefined> {
  if (isInNpm) return undefined;
  const { chromium } = await import('playwright-core');
  return existsSync(chromium.executablePath())
    ? undefined
    : `npm has no Chromium for ${process.platform} ${process.arch}: npx playwright-core install chromium`;
}
