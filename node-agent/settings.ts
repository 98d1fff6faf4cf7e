import { hostname } from 'node:os';
import * as v from 'valibot';
import { FileProblem } from '../lib/fleet/file-problem.ts';
import {
  configFileFormats,
  isConfigFileKind,
  type ConfigFileKind,
} from '../lib/media-servers/config-files.ts';
import { isLoopback } from '../lib/oauth/loopback.ts';
import { readTrustedFile } from '../lib/fleet/replace-file.ts';

const seconds = v.pipe(
  v.string(),
  v.regex(/^[1-9]\d{0,3}$/, 'must be 1 to 9999 seconds'),
  v.transform(Number),
);
/** A node that does not report for three minutes counts as silent. */
const turn = v.pipe(
  v.string(),
  v.regex(/^([1-9]|[1-5]\d|60)$/, 'must be 1 to 60 seconds'),
  v.transform(Number),
);
const url = (name: string) =>
  v.pipe(
    v.string(),
    v.check((text) => isUrl(text), `must be an address such as ${name}`),
  );

const settingsSchema = v.pipe(
  v.strictObject({
    kind: v.custom<ConfigFileKind>(
      (kind) => typeof kind === 'string' && isConfigFileKind(kind),
      `must be one of ${Object.keys(configFileFormats).join(', ')}`,
    ),
    secret: v.pipe(
      v.string(),
      v.regex(
        /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+$/,
        'must be the full ARN of the secret',
      ),
    ),
    config: v.pipe(v.string(), v.startsWith('/', "must be the absolute path of the server's file")),
    keyring: v.optional(v.literal('yes', 'must be yes or left out')),
    reload: v.optional(v.string()),
    reload_seconds: v.optional(seconds, '60'),
    ready: v.optional(url('http://127.0.0.1:5080/')),
    ready_seconds: v.optional(seconds, '120'),
    /** A node holds a new version within a minute of the label's move: one turn and a reload. */
    turn_seconds: v.optional(turn, '40'),
    report: v.optional(url('https://streampass.example.com')),
    denied: v.optional(v.pipe(v.string(), v.startsWith('/', 'must be an absolute path'))),
    node: v.optional(
      v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable ASCII characters')),
    ),
  }),
  v.check(
    ({ kind, keyring }) => !((kind === 'red5' || kind === 'antmedia') && keyring),
    'keyring: Red5 Pro and Ant Media Server hold one secret',
  ),
  v.check(({ keyring, reload }) => !(keyring && reload), 'reload: a server with a key ring needs no reload'),
  v.check(
    ({ denied, kind, report }) => denied === undefined || (kind === 'jitsi' && report !== undefined),
    'denied: is for jitsi, with report',
  ),
  v.check(
    ({ keyring, reload }) => Boolean(keyring) || Boolean(reload),
    'reload: must be the command that makes the server read its file again',
  ),
);

/** Which server this machine runs, and how streampass reaches it. */
export type Settings = v.InferOutput<typeof settingsSchema> & {
  readonly target: string;
  readonly node: string;
};

/** Settings that are missing or wrong: one line each. */
export class SettingsProblem extends Error {
  override readonly name = 'SettingsProblem';
}

/** The names of the settings, as `/etc/streampass/TARGET.conf` has them; in the environment `STREAMPASS_CONFIG` and so on. */
const NAMES = Object.keys(settingsSchema.entries) as readonly (keyof typeof settingsSchema.entries)[];

/**
 * The settings of a target: of its file, or of the environment if there is no such file, as in a container.
 *
 * @throws {SettingsProblem} one line for each mistake
 */
export async function readSettings(
  target: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Settings> {
  const file = `${env['STREAMPASS_CONF_DIR'] ?? '/etc/streampass'}/${target}.conf`;
  const text = await readTrustedFile(file).catch((error: unknown) => {
    throw new SettingsProblem(`${file} ${error instanceof FileProblem ? error.message : 'cannot be read'}`);
  });
  const values = text === undefined ? ofEnvironment(env) : ofFile(file, text);
  const where = text === undefined ? `${file} does not exist, and in the environment` : file;
  const parsed = v.safeParse(settingsSchema, values);
  if (parsed.success) return { target, ...parsed.output, node: parsed.output.node ?? hostname() };
  const lines = parsed.issues.map(({ path, message, input }) => {
    const name = path?.[0]?.key;
    if (name === undefined) return `${where}: ${message}`;
    return `${where}: ${String(name)}: ${input === undefined ? 'is missing' : message}`;
  });
  throw new SettingsProblem(lines.join('\n'));
}

function ofFile(file: string, text: string): Readonly<Record<string, string>> {
  const entries = text.split('\n').flatMap((line, index): [string, string][] => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const at = line.indexOf('=');
    const name = line.slice(0, Math.max(at, 0)).trim();
    if (!NAMES.some((known) => known === name))
      throw new SettingsProblem(`${file}: line ${index + 1}: must be one of ${NAMES.join('=, ')}=`);
    return [[name, line.slice(at + 1).trim()]];
  });
  const twice = entries.find(([name], index) => entries.findIndex(([other]) => other === name) < index);
  if (twice !== undefined)
    throw new SettingsProblem(`${file}: ${twice[0]}= is listed more than once: leave one`);
  return Object.fromEntries(entries) as Record<string, string>;
}

function ofEnvironment(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const set = NAMES.flatMap((name): [string, string][] => {
    const value = env[`STREAMPASS_${name.toUpperCase()}`];
    return value ? [[name, value]] : [];
  });
  return Object.fromEntries(set) as Record<string, string>;
}

function isUrl(text: string): boolean {
  // Not by `URL.parse`, which Node 22.0 lacks.
  if (!URL.canParse(text)) return false;
  const parsed = new URL(text);
  // Its lines name the address.
  if (parsed.username !== '' || parsed.password !== '') return false;
  return parsed.protocol === 'https:' || (parsed.protocol === 'http:' && isLoopback(parsed.hostname));
}
