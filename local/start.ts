/** `npm start`: all of it on this machine, until Ctrl-C. */

import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { localSecretOf } from '../lib/config/stand-ins.ts';
import { startClientFleet } from './client-fleet.ts';
import type { ClientFleet } from './client-fleet.ts';
import { portsFrom } from './ports.ts';
import { CALLERS_SECRET, startStack } from './stack.ts';
import type { LocalTarget, Stack } from './stack.ts';
import { untilEnded } from './until-ended.ts';

const HELP = `npm start [-- --demo] [--nodes N] [--port N] [--state D]

  --demo      short lifetimes, so that a whole rotation takes about three minutes; a few clients
              keep connecting and a line counts with which token
  --nodes N   media server nodes a target, 1 to 9 (default 3)
  --port N    the first of eleven ports, and one more for each further media server (default 3000)
  --state D   the folder that keeps secrets and keys (default .streampass)`;

/** How long the parts may take to end, in milliseconds; then the process ends without them, and the ports are free. */
const ENDING_MS = 10_000;

const root = join(import.meta.dirname, '..');
const { values } = parseOptions();
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const nodes = wholeNumber('nodes', values.nodes ?? '3', 1, 9);
const port = wholeNumber('port', values.port ?? '3000', 1024, 65_000);

const ended = untilEnded();

const profile = values.demo ? 'demo' : 'default';
console.log(`streampass: starting (${profile} profile) …`);
const started = startStack({
  ports: portsFrom(port),
  stateDir: join(resolve(values.state ?? join(root, '.streampass')), profile),
  profile,
  nodes,
});
try {
  const stack = await Promise.race([started, ended.then(() => process.exit(0))]);
  console.log(describe(stack));
  const fleet = profile === 'demo' ? startClientFleet(stack) : undefined;
  const line = fleet && showCounts(fleet);
  await ended;
  setTimeout(() => process.exit(1), ENDING_MS).unref();
  line?.end();
  console.log('\nstreampass: ending …');
  await fleet?.close();
  await stack.close();
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
process.exit(0);

function parseOptions() {
  try {
    return parseArgs({
      options: {
        demo: { type: 'boolean' },
        nodes: { type: 'string' },
        port: { type: 'string' },
        state: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${HELP}`);
  }
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    fail(`--${name} must be ${least} to ${most}\n\n${HELP}`);
  return value;
}

function fail(message: string): never {
  for (const line of message.split('\n')) console.error(line === '' ? '' : `streampass: ${line}`);
  process.exit(1);
}

/** One line that is written over in a terminal, and now and then a new one elsewhere. */
function showCounts(fleet: ClientFleet): { end: () => void } {
  const inTerminal = process.stdout.isTTY;
  const write = (): void => {
    const { first, fallback, rejected } = fleet.counts();
    const line = `connected by first token ${first}, by fallback ${fallback}, rejected ${rejected}`;
    process.stdout.write(inTerminal ? `\r  ${line} ` : `  ${line}\n`);
  };
  if (inTerminal) process.stdout.write('\n');
  const timer = setInterval(write, inTerminal ? 500 : 10_000);
  return {
    end() {
      clearInterval(timer);
      write();
    },
  };
}

function describe(stack: Stack): string {
  const { urls, users, logFile } = stack;
  const lines: [string, string][] = [
    ['demo page', urls.page],
    ['API', urls.api],
    ['OpenID provider', `${urls.oidc}   ${users.map(({ sub }) => sub).join(', ')}`],
    ['Secrets Manager', urls.secrets],
    ...(Object.values(stack.targets).some(({ target }) => target.signer !== undefined)
      ? ([['KMS', urls.kms]] satisfies [string, string][])
      : []),
    ...Object.entries(stack.targets).map(([name, target]): [string, string] => [
      name,
      describeServers(name, target, urls.api),
    ]),
    ['callbacks', `${urls.api}/introspect, /red5/…, /mediamtx/auth   callers' secret: ${CALLERS_SECRET}`],
    ['log', relative(root, logFile)],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return `
${lines.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join('\n')}
${firstToken(stack)}
A rotation:  npm run rotate -- start${port === 3000 ? '' : ` --port ${port}`}      Ctrl-C ends everything.`;
}

/** What stands for a target's servers; if nothing does, what servers of one's own are given. */
function describeServers(name: string, { target: { kind }, servers }: LocalTarget, api: string): string {
  switch (servers.by) {
    case 'media server':
      return `${servers.server.url}   ${kind}`;
    case 'key ring file':
      return `no ${kind} server here: start your own with the key ring ${relative(root, servers.file)}`;
    case 'public keys':
      return `no ${kind} server here: start your own with the public keys at ${api}/.well-known/jwks.json`;
    case 'key by hand':
      return `no ${kind} server here: put the private key into the secret ${localSecretOf(name)} by hand`;
  }
}

/** Commands for the example's first token; nothing if the configuration has no such target. */
function firstToken({ urls, servers }: Stack): string {
  if (servers['red5'] === undefined) return '';
  return `
A first token, in a second terminal:

  ID_TOKEN=$(${urls.oidc === 'http://localhost:3001' ? '' : `OIDC_ISSUER=${urls.oidc} `}npm run -s id-token -- viewer)
  TOKEN=$(curl -s ${urls.api}/token -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange -d subject_token_type=urn:ietf:params:oauth:token-type:id_token -d subject_token=$ID_TOKEN -d audience=red5 -d room=public-1 | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -s ${servers['red5']}/connect -H 'content-type: application/json' -d "{\\"token\\":\\"$TOKEN\\",\\"room\\":\\"public-1\\",\\"action\\":\\"subscribe\\",\\"transport\\":\\"WHEP\\"}"
`;
}
