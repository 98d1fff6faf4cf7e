/**
 * `npm run -s stream-url`: prints the address that an encoder publishes to, with a new token in it; or runs an encoder,
 * again with a new address each time it ends. Exit status: 0 printed, or stopped by a signal; 1 failed; 2 a wrong call.
 */

import { text as readAll } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { loadConfigFile } from '../build/load-config-file.ts';
import { systemNow } from '../lib/node/system.ts';
import { portsFrom } from '../local/ports.ts';
import { LOCAL_STAGE, readOptions, runCommand, WrongCall } from './command-line.ts';
import { fillIn, splitCommand } from './stream-url/command.ts';
import { keepEncoding, type Offer } from './stream-url/keep-encoding.ts';
import { newToken, tokenEndpoint, type Subject, type TokenOptions } from './stream-url/new-token.ts';
import { runEncoder } from './stream-url/run-encoder.ts';
import { encoderSettings, PUBLISHING, serverOnHostOf, type Settings } from './stream-url/settings.ts';

const USAGE = `usage: npm run -s stream-url -- --target TARGET --room ROOM [--stream STREAM]
  --transport T      ${PUBLISHING.join(', ')} (RTMP)
  --server ORIGIN    the media server, such as rtmp://red5.example.com; default: on the host of the target's address
                     in streampass.config.ts
  --kind KIND        the server's kind, red5 or mediamtx; default: as in streampass.config.ts, or the target's name
  --endpoint URL     the address of POST /token; default: that of the local stack
  --exec COMMAND     runs COMMAND with the address in place of {url}; whenever it ends, runs it again with a new address
  --json             prints JSON
The sign-in is a stream key: STREAM_KEY in the environment, or standard input. Or an ID token: SUBJECT_TOKEN in the environment.`;

/** How long the token of an encoder is valid, in seconds: long enough to connect. */
const SECONDS_TO_START = 60;

const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const optionsSchema = v.object({
  target: v.optional(v.pipe(v.string(), v.nonEmpty('name the target with --target')), ''),
  room: v.optional(v.pipe(v.string(), v.nonEmpty('name the room with --room')), ''),
  stream: v.optional(v.string()),
  transport: v.optional(
    v.pipe(
      v.string(),
      v.toUpperCase(),
      v.picklist(PUBLISHING, `--transport must be one of ${PUBLISHING.join(', ')}`),
    ),
    'RTMP',
  ),
  server: v.optional(v.string()),
  kind: v.optional(v.string()),
  endpoint: v.optional(v.string(), `http://localhost:${portsFrom(3000).api}/token`),
  exec: v.optional(v.pipe(v.string(), v.transform(splitCommand))),
  json: v.optional(v.boolean(), false),
});
type Options = v.InferOutput<typeof optionsSchema>;

async function main(): Promise<void> {
  const options = parseOptions();
  if (options === 'help') return console.log(USAGE);
  const { target, room, stream, transport, exec } = options;
  const endpoint = tokenEndpoint(options.endpoint);
  const server = await serverOf(options);
  // Checked before the key is sent anywhere. The token makes no difference to these checks.
  const sample = encoderSettings(server.kind, transport, { server: server.origin, room, stream, token: 'T' });
  if (exec) fillIn(exec, sample);
  const subject = await readSubject();
  const asked: TokenOptions = { endpoint, target, room, stream, transport };
  const settingsWith = (token: string): Settings =>
    encoderSettings(server.kind, transport, { server: server.origin, room, stream, token });

  const stop = new AbortController();
  for (const signal of STOPPING) process.on(signal, () => stop.abort(signal));
  if (!exec) {
    const { token, expiresInSeconds } = await newToken(subject, asked, stop.signal);
    return print(settingsWith(token), expiresInSeconds, options.json);
  }
  // The encoder gets only the address: with the key it could get more tokens.
  const env = { ...process.env, STREAM_KEY: undefined, SUBJECT_TOKEN: undefined };
  await keepEncoding(
    {
      async settings(offer: Offer, signal) {
        const issued = await newToken(subject, { ...asked, expiresInSeconds: SECONDS_TO_START }, signal);
        return settingsWith(offer === 'first' ? issued.token : (issued.fallbackToken ?? issued.token));
      },
      run: (settings, signal) =>
        runEncoder(fillIn(exec, settings), { ...env, STREAM_URL: settings['url'] }, signal),
      now: systemNow,
      random: Math.random,
      pause: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
      report: (line) => console.error(line),
    },
    stop.signal,
  );
}

function print(settings: Settings, expiresInSeconds: number, json: boolean): void {
  if (json) return console.log(JSON.stringify({ ...settings, expiresInSeconds }, null, 2));
  for (const [name, value] of Object.entries(settings)) console.log(`${name.padEnd(12)}${value}`);
  console.log(`${'valid for'.padEnd(12)}${expiresInSeconds} s: connect within that time`);
}

/** The media server's kind and origin: from the options, else from the configuration. */
async function serverOf({ target, room, stream = '', transport, server, kind }: Options) {
  if (server !== undefined && kind !== undefined) return { origin: server, kind };
  const { config, problems } = await loadConfigFile('streampass.config.ts', {
    stage: LOCAL_STAGE,
    env: process.env,
  });
  const configured = Object.hasOwn(config.targets, target) ? config.targets[target] : undefined;
  if (server !== undefined) return { origin: server, kind: configured?.kind ?? target };
  const whipUrl = (await configured?.whipUrl?.({ room, stream }))?.('');
  if (whipUrl === undefined) {
    const why = problems[0] === undefined ? '' : ` (${problems[0]})`;
    throw new Error(`the configuration has no address of ${target}${why}: give it with --server`);
  }
  return { origin: serverOnHostOf(whipUrl, transport), kind: kind ?? configured?.kind ?? target };
}

/** The sign-in, from the environment or standard input: everybody on the machine can read arguments. */
async function readSubject(): Promise<Subject> {
  const { STREAM_KEY: key = '', SUBJECT_TOKEN: idToken = '' } = process.env;
  if (key && idToken) throw new Error('set STREAM_KEY or SUBJECT_TOKEN, not both');
  if (idToken) return { kind: 'ID token', token: idToken };
  const token = (key || (process.stdin.isTTY ? '' : await readAll(process.stdin))).trim();
  if (!token)
    throw new Error('no sign-in: set STREAM_KEY or SUBJECT_TOKEN, or give the stream key on standard input');
  return { kind: 'stream key', token };
}

function parseOptions(): Options | 'help' {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = readOptions({
    options: {
      target: text,
      room: text,
      stream: text,
      transport: text,
      server: text,
      kind: text,
      endpoint: text,
      exec: text,
      json: flag,
      help: { ...flag, short: 'h' },
    },
  });
  if (values.help) return 'help';
  const parsed = v.safeParse(optionsSchema, values);
  if (!parsed.success) throw new WrongCall(`${parsed.issues[0].message} (--help lists the options)`);
  return parsed.output;
}

await runCommand(main);
