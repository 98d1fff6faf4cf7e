import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import * as config from '../lib/config/index.ts';
import { newTargetFiles } from './new-target/new-target-files.ts';

/** `npm run new-target NAME`: the beginning of another kind of media server, which passes the conformance suite as it is. */

const ROOT = join(import.meta.dirname, '..');
const [name = '', ...more] = process.argv.slice(2);

if (!/^[a-z][a-z0-9]{1,31}$/.test(name) || more.length > 0) {
  const isHelp = ['--help', '-h'].includes(name);
  const usage =
    'usage: npm run new-target NAME; NAME is one word of lower-case letters and digits, such as oryx';
  if (isHelp) console.log(usage);
  else console.error(usage);
  process.exit(isHelp ? 0 : 2);
}
if (existsSync(join(ROOT, 'lib/media-servers', name))) {
  console.error(`lib/media-servers/${name} is there already`);
  process.exit(1);
}
if (name in config || name in Object.prototype || isReserved(name)) {
  console.error(`${name} has another meaning in TypeScript or in streampass.config.ts: choose another name`);
  process.exit(2);
}

function isReserved(word: string): boolean {
  try {
    compileFunction(`'use strict'; async () => { const ${word} = 0 }`);
    return false;
  } catch {
    return true;
  }
}

const files = newTargetFiles(name, (path) => readFileSync(join(ROOT, path), 'utf8'));
for (const [path, text] of files) {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), text);
}
const paths = files.map(([path]) => path);
// Not node_modules/.bin/prettier: Windows cannot run that file.
const prettier = fileURLToPath(import.meta.resolve('prettier/bin/prettier.cjs'));
execFileSync(process.execPath, [prettier, '--log-level', 'warn', '--write', ...paths], {
  cwd: ROOT,
  stdio: 'inherit',
});
console.log(`${paths.join('\n')}

1. lib/media-servers/${name}/claims.ts: actions, keys and claims, as the server's documentation has them.
2. test/media-servers/conformance/${name}.ts: the server's own rules, by its SDK or its documentation, without a look at 1.
3. npx vitest run test/media-servers/conformance.test.ts test/docs/servers.test.ts
4. docs/servers.md: how the server is set up, and where each fact is from.`);
