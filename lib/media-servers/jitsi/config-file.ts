import * as v from 'valibot';
import {
  configFileFormat,
  type ExpectedSettings,
  type FoundSecret,
  type ReadSettings,
} from '../config-file.ts';
import type { LuaToken } from './lua-tokens.ts';
import { parseProsodyConfig, type ProsodyConfig, type ProsodyValue } from './prosody-options.ts';

const secretSetting = 'app_secret';

const settingsSchema = v.object({
  /** The VirtualHost's name, or `undefined` in a file without one. */
  domain: v.optional(v.string()),
  /** `app_id`: the issuer accepted if `asap_accepted_issuers` is not set. */
  appId: v.optional(v.string()),
  acceptedIssuers: v.optional(v.pipe(v.array(v.string()), v.readonly())),
  acceptedAudiences: v.optional(v.pipe(v.array(v.string()), v.readonly())),
  signatureAlgorithm: v.optional(v.string()),
  /** With any value but `token`, Prosody does not look at tokens. */
  authentication: v.optional(v.string()),
  allowEmptyToken: v.optional(v.boolean()),
  /** Absent counts as true. */
  enableDomainVerification: v.optional(v.boolean()),
  /** Absent counts as true. */
  requireRoomClaim: v.optional(v.boolean()),
  /** `asap_key_server` or `cache_keys_url`: with one of them `app_secret` is not used. */
  keyServer: v.optional(v.string()),
});

/** The options of the host that holds `app_secret`; one that the file does not have is `undefined`. */
export type ProsodySettings = v.InferOutput<typeof settingsSchema>;

/** Reads the options of the host with `app_secret`, else of the first VirtualHost. A global option counts if the host does not set it. */
export function readSettings(text: string): ReadSettings<ProsodySettings> {
  const parsed = parseProsodyConfig(text);
  if (!parsed.ok) return parsed;
  const { config } = parsed;
  const valueOf = optionsOfTokenHost(config);
  return {
    ok: true,
    settings: {
      domain: tokenHost(config),
      appId: toText(valueOf('app_id')),
      acceptedIssuers: toList(valueOf('asap_accepted_issuers')),
      acceptedAudiences: toList(valueOf('asap_accepted_audiences')),
      signatureAlgorithm: toText(valueOf('signature_algorithm')),
      authentication: toText(valueOf('authentication')),
      allowEmptyToken: toBoolean(valueOf('allow_empty_token')),
      enableDomainVerification: toBoolean(valueOf('enable_domain_verification')),
      requireRoomClaim: toBoolean(valueOf('asap_require_room_claim')),
      keyServer: toText(valueOf('asap_key_server')) ?? toText(valueOf('cache_keys_url')),
    },
  };
}

/** One line for each option that contradicts what streampass issues. */
function settingsProblems(settings: ProsodySettings, expected: ExpectedSettings): readonly string[] {
  const problems: string[] = [];
  if (settings.authentication !== undefined && settings.authentication !== 'token') {
    problems.push(`authentication is "${settings.authentication}": only "token" looks at tokens`);
  }
  if (settings.allowEmptyToken === true)
    problems.push('allow_empty_token is true: users are let in without a token');
  if (settings.requireRoomClaim === false) {
    problems.push('asap_require_room_claim is false: a token without a room is let into any');
  }
  if (settings.keyServer !== undefined) problems.push('a key server is set: Prosody then ignores app_secret');
  if (settings.signatureAlgorithm !== undefined && settings.signatureAlgorithm !== 'HS256') {
    problems.push(`signature_algorithm is "${settings.signatureAlgorithm}": our tokens have HS256`);
  }
  const issuers = acceptedIssuersOf(settings);
  if (issuers !== undefined && expected.issuer !== undefined && !accepts(issuers, expected.issuer)) {
    const option = settings.acceptedIssuers === undefined ? 'app_id' : 'asap_accepted_issuers';
    problems.push(`${option} accepts the issuer ${quoted(issuers)}: our tokens have "${expected.issuer}"`);
  }
  const audiences = settings.acceptedAudiences;
  if (audiences !== undefined && expected.audience !== undefined && !accepts(audiences, expected.audience)) {
    problems.push(`asap_accepted_audiences is ${quoted(audiences)}: our tokens have "${expected.audience}"`);
  }
  const { domain, enableDomainVerification = true } = settings;
  if (enableDomainVerification && domain !== undefined && expected.domain !== undefined) {
    if (expected.domain !== '*' && domain.toLowerCase() !== expected.domain.toLowerCase()) {
      problems.push(`the VirtualHost is "${domain}": our tokens have the domain "${expected.domain}"`);
    }
  }
  return problems;
}

/**
 * The secret as Prosody gets it. Refused: one that is set twice, in a Component, in a condition or a table, or that
 * is not a plain string (`os.getenv(…)`, two strings joined by `..`), and a file in which only Prosody can tell what is set.
 */
function findSecret(text: string): FoundSecret {
  const parsed = parseProsodyConfig(text);
  if (!parsed.ok) return parsed;
  const { options, mentions, dynamic } = parsed.config;
  if (dynamic !== undefined) {
    const problem = `line ${dynamic.line}: with "${dynamic.value}" only Prosody can tell which options are set`;
    return { ok: false, problem };
  }
  const mention = mentions.find(({ value }) => value === secretSetting);
  if (mention !== undefined) {
    return {
      ok: false,
      problem: `line ${mention.line}: ${secretSetting} is used in a way whose value only Prosody can tell`,
    };
  }
  const found = options.filter(({ name }) => name === secretSetting);
  const [option] = found;
  if (option === undefined) return { ok: false, problem: `${secretSetting} is missing` };
  if (found.length > 1) {
    const lines = found.map(({ line }) => line).join(', ');
    return { ok: false, problem: `${secretSetting} is set more than once (lines ${lines}): leave one` };
  }
  const { line, section, value } = option;
  if (section.kind === 'Component') {
    const problem = `line ${line}: ${secretSetting} belongs to the Component "${section.host}", not to a VirtualHost`;
    return { ok: false, problem };
  }
  // An escaped byte beyond ASCII is not a character, so the string that Prosody reads is not known here.
  if (value.kind !== 'text' || (isEscaped(text, value.token) && !/^\p{ASCII}*$/u.test(value.text))) {
    return { ok: false, problem: `line ${line}: ${secretSetting} is not a plain string` };
  }
  const { content } = value.token;
  if (content === undefined)
    return { ok: false, problem: `line ${line}: ${secretSetting} is not a plain string` };
  return { ok: true, secret: value.text, ...content, write: (secret) => secret };
}

function isEscaped(text: string, { start, end }: LuaToken): boolean {
  return text.slice(start, end).includes('\\');
}

function tokenHost({ options, sections }: ProsodyConfig): string | undefined {
  const withSecret = options.find(
    ({ name, section }) => name === secretSetting && section.kind === 'VirtualHost',
  );
  return (withSecret?.section ?? sections.find(({ kind }) => kind === 'VirtualHost'))?.host;
}

/** Looks an option up as Prosody does: the host's own value, the last one set, else the global one. */
function optionsOfTokenHost(config: ProsodyConfig): (name: string) => ProsodyValue | undefined {
  const host = tokenHost(config);
  return (wanted) => {
    const values = config.options.filter(({ name }) => name === wanted);
    const ofHost = values.findLast(({ section }) => section.kind === 'VirtualHost' && section.host === host);
    return (ofHost ?? values.findLast(({ section }) => section.kind === 'global'))?.value;
  };
}

/** The issuers that Prosody accepts: those of its list. Without a list it is `app_id`, and without both `undefined`. */
export function acceptedIssuersOf(settings: ProsodySettings): readonly string[] | undefined {
  return settings.acceptedIssuers ?? (settings.appId === undefined ? undefined : [settings.appId]);
}

function accepts(accepted: readonly string[], value: string): boolean {
  return accepted.includes('*') || accepted.includes(value);
}

function quoted(values: readonly string[]): string {
  return values.map((value) => `"${value}"`).join(', ');
}

function toText(value: ProsodyValue | undefined): string | undefined {
  return value?.kind === 'text' ? value.text : undefined;
}

/** Prosody reads a single string as a list of one. */
function toList(value: ProsodyValue | undefined): readonly string[] | undefined {
  if (value?.kind === 'list') return value.texts;
  return value?.kind === 'text' ? [value.text] : undefined;
}

/** Prosody also reads the strings "true" and "false". */
function toBoolean(value: ProsodyValue | undefined): boolean | undefined {
  if (value?.kind === 'boolean') return value.boolean;
  if (value?.kind === 'text' && (value.text === 'true' || value.text === 'false'))
    return value.text === 'true';
  return undefined;
}

/**
 * Prosody's configuration of a Jitsi Meet host, as mod_auth_token and its `token/util.lib.lua` read it.
 *
 * @see https://github.com/jitsi/lib-jitsi-meet/blob/master/doc/tokens.md
 */
export const prosodyLua = configFileFormat<ProsodySettings>({
  secretSetting,
  encoding: 'utf8',
  findSecret,
  readSettings,
  settingsSchema,
  settingsProblems,
});
