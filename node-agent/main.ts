/**
 * `streampass-node`: brings the media server of this machine or container to its secret, and reports which one it holds. The
 * verbs are in `lib/fleet`. This file reads the command line, and prints the result as one line of JSON at the end.
 */

import { parseArgs } from 'node:util';
import { doFileWork } from '../lib/fleet/file-work.ts';
import type { NodeReport } from '../lib/fleet/node-report.ts';
import { check } from './check.ts';
import { install } from './install.ts';
import { readSettings, SettingsProblem } from './settings.ts';
import { apply, boot, isHeld, observe } from './verbs.ts';
import { watch } from './watch.ts';

const USAGE = `streampass-node: keeps a media server's secret up to date

  streampass-node observe --target NAME                 says which secret the server holds
  streampass-node apply --target NAME --secret-arn ARN --version-id ID
                                                        writes this version, and reloads the server
  streampass-node boot --target NAME                    before the server starts: fetches the version that it should hold
  streampass-node watch --target NAME                   follows the rotation, and reports to streampass (fleet "reported")
  streampass-node check FILE --kind KIND says what would be changed in a config file
  streampass-node install NAME UNIT.service             installs the agent on this machine; it starts before the server's unit

Settings: /etc/streampass/NAME.conf, or the environment (STREAMPASS_KIND, STREAMPASS_CONFIG and so on).
The last line of the output is a report in JSON. Exit status: 0 if the server holds what it should, 1 if not, 2 for a wrong call.
`;

/** The command line is wrong. */
class UsageProblem extends Error {}

// Whoever read the output may be gone: the server still needs its secret.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
process.on('uncaughtException', (error) => process.exit(failed(error)));
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = failed(error);
}

/** Says what went wrong, a line for each problem; the exit status. */
function failed(error: unknown): number {
  const isOurs = error instanceof UsageProblem || error instanceof SettingsProblem || isParseError(error);
  const message = error instanceof Error && isOurs ? error.message : aDefect(error);
  process.stderr.write(`streampass-node: ${message.replaceAll('\n', '\nstreampass-node: ')}\n`);
  print('error', undefined, { version: 1, problems: message.split('\n').map((line) => line.slice(0, 300)) });
  return error instanceof SettingsProblem ? 1 : 2;
}

function aDefect(error: unknown): string {
  const at = error instanceof Error ? /\((.*)\)$/m.exec(error.stack ?? '')?.[1] : undefined;
  return `a defect, please report it: ${String(error).replaceAll('\n', ' ')}${at ? ` at ${at}` : ''}`;
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      target: { type: 'string' },
      kind: { type: 'string' },
      'secret-arn': { type: 'string' },
      'version-id': { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const [command, ...operands] = positionals;
  if (values.help === true || command === 'help') return process.stdout.write(USAGE) ? 0 : 1;
  if (command === 'file-work') {
    process.stdout.write(await doFileWork(await standardInput()));
    return 0;
  }
  if (command === 'check') return check(operands[0], values.kind, (text) => process.stdout.write(text));
  if (command === 'install') return install(operands);
  const target = values.target ?? process.env['STREAMPASS_TARGET'];
  if (target === undefined || !/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(target))
    throw new UsageProblem('name the target, for example --target red5 (streampass-node help shows all)');
  const settings = await readSettings(target, process.env);
  const secretArn = values['secret-arn'] || undefined;
  if (secretArn !== undefined && secretArn !== settings.secret)
    throw new SettingsProblem(`the command names the secret ${secretArn}, the settings ${settings.secret}`);
  switch (command) {
    case 'observe':
      return print(command, target, await observe(settings));
    case 'apply': {
      const versionId = values['version-id'] ?? '';
      if (!/^[A-Za-z0-9-]{32,64}$/.test(versionId)) throw new UsageProblem('apply needs --version-id');
      return print(command, target, await apply(settings, versionId));
    }
    case 'boot':
      return print(command, target, await boot(settings));
    case 'watch':
      return watch(settings, stopped());
    default:
      throw new UsageProblem(
        'the commands are observe, apply, boot, watch, check and install (streampass-node help)',
      );
  }
}

/** Ends when the process is asked to. */
function stopped(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

/** Prints the report; the exit status. */
function print(command: string, target: string | undefined, report: NodeReport): number {
  process.stdout.write(`${JSON.stringify({ command, target, ...report })}\n`);
  return isHeld(report) ? 0 : 1;
}

function isParseError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

async function standardInput(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
