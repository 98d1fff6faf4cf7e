import { globSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { whyNoBrowser } from './test/browser/own-browser.ts';

/** Folders of tests of pure parts: they run nothing built and no other program, so that all of them take less than a minute. */
const PURE =
  /^test\/(infra\/generated|admission|api-gateway|config|cwt|docs|exchange|identity|jws|media-servers|policy|rotation|signing-keys|stream-keys|token-verification)\//;
/** Tests in these folders that run the built functions, or many schedules. */
const NOT_PURE =
  /\/(user-config|config-file|emergency|function|no-secret-shown|simulation|model|deny-table)\.test\.ts$/;

const noBrowser = await whyNoBrowser();
if (noBrowser !== undefined) console.warn(`skipped: test/browser/: ${noBrowser}`);

const files = globSync('{test,client/test}/**/*.test.ts', {
  cwd: import.meta.dirname,
  exclude: noBrowser === undefined ? [] : ['test/browser/**'],
});
const unit = files.filter((file) => PURE.test(file) && !NOT_PURE.test(file));

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'unit', include: unit } },
      {
        extends: true,
        test: {
          name: 'whole',
          include: files.filter((file) => !unit.includes(file)),
          globalSetup: ['test/support/project.ts'],
        },
      },
    ],
  },
});
