import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ExpectedSettings } from '../../lib/media-servers/config-file.ts';
import { configFileFormats } from '../../lib/media-servers/config-files.ts';
import { decodeFile } from '../../lib/media-servers/file-text.ts';
import type { MediaServerKind } from './rules/index.ts';

/** The values in a new configuration file. */
export interface ConfigTemplate {
  /** Default `''`: the node takes no connections until it gets a secret. */
  readonly secret?: string;
  /** Jitsi's VirtualHost · default `meet.example.com`. */
  readonly domain?: string;
  /** `jwt.issuer` and `app_id` · default `streampass`. */
  readonly issuer?: string;
  /** Jitsi's accepted audience · default `jitsi`. */
  readonly audience?: string;
  /** Red5's `jwt.ttl.minutes` · default 60. */
  readonly ttlMinutes?: number;
}

/** The name that each kind's file has on a real server. */
export const configFileName = {
  red5: 'red5-web.properties',
  jitsi: 'jitsi.cfg.lua',
  rtcstats: 'production.yaml',
} as const satisfies Readonly<Record<MediaServerKind, string>>;

const templates: Readonly<Record<MediaServerKind, (values: Required<ConfigTemplate>) => string>> = {
  red5: ({ secret, issuer, ttlMinutes }) => `# webapps/live/WEB-INF/red5-web.properties
webapp.contextPath=/live
webapp.virtualHosts=*

# Simple authentication: a protocol that is false lets everyone in over it
auth.active=true
auth.rtmp=true
auth.rtsp=true
auth.rtc=true
auth.srt=true
auth.mpegts=true
auth.rtmpAllowQueryParamsEnabled=true

# JWT: exp may be at most ttl minutes ahead
jwt.secret=${secret}
jwt.ttl.minutes=${ttlMinutes}
jwt.issuer=${issuer}
`,
  jitsi: ({ secret, domain, issuer, audience }) => `-- /etc/prosody/conf.avail/${domain}.cfg.lua
plugin_paths = { "/usr/share/jitsi-meet/prosody-plugins/" }
muc_mapper_domain_base = "${domain}"

VirtualHost "${domain}"
    authentication = "token"
    app_id = "${issuer}"
    app_secret = "${secret}"
    asap_accepted_audiences = { "${audience}" }
    allow_empty_token = false
    enable_domain_verification = true
    modules_enabled = { "bosh"; "websocket"; "presence_identity" }

Component "conference.${domain}" "muc"
    storage = "memory"
    modules_enabled = { "token_verification"; "token_affiliation" }
`,
  rtcstats: ({ secret }) => `# config/production.yaml of rtcstats-server
server:
  httpPort: 3000
  # a restart keeps the dumps of sessions that were live
  deleteAtStart: false
  workDirectory: work
authorization:
  # without a secret rtcstats-server asks nobody for a token
  jwtSecret: "${secret}"
`,
};

/**
 * Writes a configuration file as a fresh installation has it, readable to its owner only. A file that is there already
 * is left alone.
 *
 * @returns whether the file was written
 */
export async function writeDefaultConfigFile(
  kind: MediaServerKind,
  path: string,
  values: ConfigTemplate = {},
): Promise<boolean> {
  const { secret = '', domain = 'meet.example.com', issuer = 'streampass' } = values;
  const { audience = 'jitsi', ttlMinutes = 60 } = values;
  await mkdir(dirname(path), { recursive: true });
  try {
    const text = templates[kind]({ secret, domain, issuer, audience, ttlMinutes });
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Makes a node's configuration file fit its target: a new one as a fresh installation has it. A file that fits is left alone.
 * One that contradicts the target, or cannot be read, is rewritten with the secret that it holds.
 */
export async function fitConfigFile(
  kind: MediaServerKind,
  path: string,
  expected: ExpectedSettings,
  values: ConfigTemplate,
): Promise<void> {
  const format = configFileFormats[kind];
  const bytes = await readFile(path).catch(() => undefined);
  const text = bytes === undefined ? '' : decodeFile(bytes, format.encoding).text;
  const held = format.readSecret(text);
  const secret = held.ok ? held.secret : '';
  if (secret !== '' && format.problems(text, expected).length === 0) return;
  await rm(path, { force: true });
  await writeDefaultConfigFile(kind, path, { ...values, secret });
}
