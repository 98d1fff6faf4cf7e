/**
 * `npm run deny|allow|denied`: shuts somebody out of a deployed stage (`--stage`, with your AWS credentials) or of a running
 * `npm start`, lets them in again, or lists who is out. Exit status: 0 done, 1 failed, 2 a wrong call.
 */

import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { loadConfigFile } from '../build/load-config-file.ts';
import { DENIAL_KINDS, rowIdOf } from '../lib/admission/deny-rows.ts';
import type { DenialKind, Denied } from '../lib/admission/deny-rows.ts';
import { createSecretsReader } from '../lib/aws/secrets-reader.ts';
import { dynamoDenyWriter } from '../lib/aws/deny-writer.ts';
import type { Denial } from '../lib/aws/deny-writer.ts';
import type { Config } from '../lib/config/config.ts';
import { systemNow, within } from '../lib/node/system.ts';
import { createKeyRing } from '../lib/signing-keys/key-ring.ts';
import { portsFrom } from '../local/ports.ts';
import { LOCAL_STAGE, readOptions, runCommand, WrongCall } from './command-line.ts';
import { kickAll } from './deny/kick-all.ts';
import { consequencesOf, EFFECTIVE_WITHIN_SECONDS } from './deny/consequences.ts';
import { toldOf } from './deny/told-of.ts';
import { parseUntil } from './deny/until.ts';

const USAGE = `usage: npm run deny -- WHOM [--until WHEN] [--reason TEXT]
       npm run allow -- WHOM
       npm run denied
WHOM is one of
  --sub SUBJECT [--issuer ISSUER]  a user, of any issuer or of one
  --sign-in ID                     one sign-in: sid, origin_jti or jti of an identity token
  --session ID                     one call: the session in the audit log
  --token JTI                      one streaming token
  --stream-key ID                  one stream key, with all tokens made of it
WHEN is a time (2030-12-31T18:00:00Z) or how long from now (90m, 24h, 7d); default: no end
  --stage STAGE    a deployed stage, with your AWS credentials; default: the local stack
  --region REGION  the stage's AWS region; default: your AWS settings' region
  --json           prints JSON
  --port N         the first port of the local stack (3000)`;

const WHERE = ['stage', 'region', 'port', 'json'];
/** The options of each verb that does not take all of them, as `deny` does. */
const TAKEN_BY: Readonly<Record<string, readonly string[]>> = {
  allow: [...WHERE, 'sub', 'issuer', 'sign-in', 'session', 'token', 'stream-key'],
  denied: WHERE,
};

async function main(): Promise<void> {
  const { values, positionals } = parseOptions();
  const [verb, ...others] = positionals;
  if (values.help) return console.log(USAGE);
  if (others.length > 0 || !['deny', 'allow', 'denied'].includes(verb ?? '')) throw new WrongCall(USAGE);
  const now = Date.now() / 1000;
  const table = tableOf(values);
  const taken = TAKEN_BY[verb ?? ''];
  const useless = Object.keys(values).find((name) => taken !== undefined && !taken.includes(name));
  if (useless !== undefined) throw new WrongCall(`npm run ${verb} takes no --${useless} (--help)`);
  if (verb === 'denied') return printList(await table.list(now), values.json ?? false);

  const whom = parseWhom(values);
  const until = values.until === undefined ? undefined : parseUntil(values.until, now);
  const stage = values.stage ?? LOCAL_STAGE;
  const loaded = await loadConfigFile('streampass.config.ts', { stage, env: process.env });
  const denied = asTokensSay(whom, loaded);
  const by = process.env['USER'] ?? userInfo().username;
  if (verb === 'allow') {
    const wasThere = await table.allow(denied);
    printAudit({ event: 'denial.removed', ...denied, by, at: Math.floor(now), was_there: wasThere });
    if (!wasThere) throw new Error('there is no such denial: npm run denied lists all');
    return console.log(`allowed again within ${EFFECTIVE_WITHIN_SECONDS} s`);
  }
  const denial: Denial = {
    ...denied,
    at: Math.floor(now),
    by,
    ...(values.reason !== undefined && { reason: values.reason }),
    ...(until !== undefined && { until }),
  };
  await table.deny(denial);
  printAudit({ event: 'denial.added', ...denial, row: rowIdOf(denial) });
  await printConsequences(values, denied, now, loaded);
}

type Loaded = Awaited<ReturnType<typeof loadConfigFile>>;

/**
 * A denial with the one spelling of its issuer that rows are made of.
 *
 * @throws {WrongCall} no configured issuer has this address: the row would deny nobody
 */
function asTokensSay(denied: Denied, { config, problems }: Loaded): Denied {
  const { issuer } = denied;
  if (issuer === undefined) return denied;
  if (problems.length > 0 || config.issuers.length === 0) {
    console.error(
      '--issuer is not checked, because the configuration names no issuer here (are its variables set?): if tokens spell it otherwise, nobody is denied',
    );
    return denied;
  }
  const found = config.issuers.find((one) => one.issuer === issuer || one.alsoIssuers.includes(issuer));
  if (found !== undefined) return { ...denied, issuer: found.issuer };
  const known = config.issuers.map((one) => one.issuer).join(', ');
  throw new WrongCall(`--issuer must be an issuer of the configuration, written as it is there: ${known}`);
}

/** One JSON line, in the form of the functions' audit lines: keep it where you keep those. */
function printAudit(line: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify(line));
}

/** Prints the effects of the denial at each target, then ends connections at the servers that can do that. */
async function printConsequences(
  values: Options,
  denied: Denied,
  now: number,
  { config, problems }: Loaded,
): Promise<void> {
  const consequences = consequencesOf(config, now);
  if (!values.json) {
    console.log(
      `no new tokens, and refused by callbacks and the authorizer: within ${EFFECTIVE_WITHIN_SECONDS} s`,
    );
    if (problems.length > 0)
      console.log(
        `what each target does is unknown, because the configuration has a problem: ${problems[0]}`,
      );
    for (const { target, lastTokenEnds, tokens, connections } of consequences) {
      console.log(`${target}: the last token ends at ${toIso(lastTokenEnds)}`);
      console.log(`  tokens       ${tokens}`);
      console.log(`  connections  ${connections}`);
    }
  }
  const kicked = await kickAll(config, denied, now, {
    keyOf: (target) => currentKey(config, target, values.region),
    toldOf: (target) => toldOf(config, target, tablesOf(values)),
    now: () => Date.now() / 1000,
    pause: (seconds) => sleep(seconds * 1000),
  });
  if (values.json) return console.log(JSON.stringify({ consequences, kicked }, null, 2));
  for (const { target, server, ended, seconds, problem } of kicked) {
    const failure = problem === undefined ? '' : `; others may continue: ${problem}`;
    const last = ended === 0 ? '' : `, the last ${seconds.toFixed(1)} s after the denial`;
    console.log(`${target}: ${ended} connections ended at ${server}${last}${failure}`);
  }
}

/** The current secret of a target: for LiveKit, an API key of that name. */
async function currentKey(config: Config, name: string, region: string | undefined) {
  const target = config.targets[name];
  if (target === undefined) throw new Error(`no target is called "${name}"`);
  const reader = createSecretsReader(new SecretsManagerClient({ ...(region !== undefined && { region }) }));
  const ring = createKeyRing({
    secret: target.secret,
    signing: target.signing,
    withFallback: false,
    reader,
    now: systemNow,
    within,
    refreshAfter: 60,
    maxAge: 60,
    onProblem: () => undefined,
  });
  const { current } = await ring.get();
  if (current.alg !== 'HS256' || !('key' in current)) throw new Error(`"${name}" has no shared secret`);
  return { name: current.kid, secret: current.key.export().toString() };
}

function printList(rows: Awaited<ReturnType<ReturnType<typeof tableOf>['list']>>, json: boolean): void {
  if (json) return console.log(JSON.stringify(rows, null, 2));
  if (rows.length === 0) return console.log('nobody is denied');
  for (const row of rows) {
    if ('unreadable' in row) {
      console.log(
        `${row.unreadable}: denies nobody, because it was written by hand or by version 0.1: deny the user again`,
      );
      continue;
    }
    const { kind, value, issuer, reason = 'no reason given', by = 'unknown', at, until } = row;
    const end = until === undefined ? 'for ever' : `until ${toIso(until)}`;
    const of = issuer === undefined ? '' : ` of ${issuer}`;
    console.log(`${kind} ${value}${of}: ${end}, by ${by} at ${toIso(at)}: ${reason}`);
  }
}

function toIso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

type Options = ReturnType<typeof parseOptions>['values'];

function parseWhom(values: Options): Denied {
  const kinds = Object.keys(DENIAL_KINDS).filter(
    (kind): kind is DenialKind => values[kind as DenialKind] !== undefined,
  );
  const [kind, ...more] = kinds;
  if (kind === undefined || more.length > 0) throw new WrongCall(`name one WHOM\n\n${USAGE}`);
  const value = values[kind] ?? '';
  if (value.trim() !== value) throw new WrongCall(`--${kind} must not begin or end with a blank`);
  // Neither repeated nor written to the table: it may be in force.
  if (/^ey[\w-]+\.[\w-]+\.[\w-]*$/.test(value))
    throw new WrongCall(
      `--${kind} must be an id, as in the audit log or in the token's claims, not a whole token`,
    );
  if (values.issuer !== undefined && kind !== 'sub')
    throw new WrongCall('--issuer can be used only with --sub');
  return { kind, value, ...(values.issuer !== undefined && { issuer: values.issuer }) };
}

function tableOf(options: Options) {
  const { client, deny } = tablesOf(options);
  return dynamoDenyWriter(deny, client);
}

/** The tables of the stage, or of the local stack. */
function tablesOf({ stage, region, port = '3000' }: Options) {
  if (stage !== undefined) {
    const client = new DynamoDBClient({ ...(region !== undefined && { region }) });
    return { client, deny: `streampass-${stage}-deny`, nodes: `streampass-${stage}-nodes` };
  }
  if (!/^\d{4,5}$/.test(port) || Number(port) > 65_000) throw new WrongCall('--port must be a port number');
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${portsFrom(Number(port)).dynamodb}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  return { client, deny: 'deny', nodes: 'nodes' };
}

function parseOptions() {
  const text = { type: 'string' } as const;
  return readOptions({
    allowPositionals: true,
    options: {
      sub: text,
      issuer: text,
      'sign-in': text,
      session: text,
      token: text,
      'stream-key': text,
      until: text,
      reason: text,
      stage: text,
      region: text,
      port: text,
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

await runCommand(() =>
  main().catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')) throw error;
    throw new Error('the local stack is not running: start it with `npm start`, or name a --stage');
  }),
);
