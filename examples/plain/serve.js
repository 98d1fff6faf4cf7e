// Serves this folder and the three packages that it uses, without a bundler: node serve.js [PORT]
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join, sep } from 'node:path';

const here = import.meta.dirname;
const require = createRequire(import.meta.url);
const PACKAGES = ['streampass-client', 'oidc-client-ts', 'jwt-decode'];
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.map': 'application/json',
};

/** The folder of a package that npm installed here or further up. */
function folderOf(name) {
  for (const path of require.resolve.paths(name) ?? []) {
    if (existsSync(join(path, name, 'package.json'))) return join(path, name);
  }
  throw new Error(`npm install first: ${name} is not there`);
}

const roots = new Map([...PACKAGES.map((name) => [`/modules/${name}/`, folderOf(name)]), ['/', here]]);

function fileOf(pathname) {
  for (const [prefix, root] of roots) {
    if (!pathname.startsWith(prefix)) continue;
    const file = join(root, pathname.slice(prefix.length) || 'index.html');
    return file.startsWith(root + sep) && existsSync(file) && statSync(file).isFile() ? file : undefined;
  }
  return undefined;
}

const port = Number(process.argv[2] ?? 5173);
createServer((request, response) => {
  const file = fileOf(new URL(request.url ?? '/', 'http://localhost').pathname);
  const type = file && TYPES[extname(file)];
  if (!type) return response.writeHead(404).end('not found');
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` });
  createReadStream(file).pipe(response);
}).listen(port, 'localhost', () => console.log(`http://localhost:${port}`));
