import * as v from 'valibot';
import { isAlias, isMap, isScalar, parse, parseAllDocuments, type Document, type Node } from 'yaml';
import {
  configFileFormat,
  type ExpectedSettings,
  type FoundSecret,
  type ReadSettings,
} from '../config-file.ts';

const secretSetting = 'authorization.jwtSecret';

const settingsSchema = v.object({
  /** `none`: absent or empty, so the server lets everyone in. `other`: not a string, so it refuses every token. */
  secret: v.picklist(['string', 'none', 'other']),
});

/** The one setting of rtcstats-server that decides about tokens: it looks at nothing but the signature and times. */
export type RtcstatsSettings = v.InferOutput<typeof settingsSchema>;

/** Reads whether the server asks for tokens at all. */
export function readSettings(text: string): ReadSettings<RtcstatsSettings> {
  const parsed = parseFile(text);
  if (!parsed.ok) return parsed;
  const value = secretNode(parsed.document);
  if (value === undefined || value === null) return { ok: true, settings: { secret: 'none' } };
  if (!isScalar(value)) return { ok: true, settings: { secret: 'other' } };
  if (value.value === null || value.value === '') return { ok: true, settings: { secret: 'none' } };
  return { ok: true, settings: { secret: typeof value.value === 'string' ? 'string' : 'other' } };
}

/** One line if the server would let everyone in, or no one. `expected` has nothing that this server compares. */
function settingsProblems(settings: RtcstatsSettings, _expected: ExpectedSettings): readonly string[] {
  switch (settings.secret) {
    case 'string':
      return [];
    case 'none':
      return [`${secretSetting} is empty or missing: rtcstats-server lets everyone in without a token`];
    case 'other':
      return [`${secretSetting} is not a string: rtcstats-server refuses every token`];
  }
}

/**
 * The secret as the server gets it; a key without a value, or with `null`, holds an empty one. Another one is written in
 * the same style, quoted if it needs to be. Refused: a number, an array, an alias, what an alias repeats, a block
 * of several lines, a file of several documents.
 */
function findSecret(text: string): FoundSecret {
  const refuse = (problem: string): FoundSecret => ({ ok: false, problem: `${secretSetting} ${problem}` });
  const parsed = parseFile(text);
  if (!parsed.ok) return parsed;
  const value = secretNode(parsed.document);
  if (value === undefined) return refuse('is missing');
  if (isAlias(value)) return refuse(`is the alias *${value.source}: write the secret itself`);
  if (!isScalar(value) || !value.range || !(typeof value.value === 'string' || value.value === null)) {
    return refuse("is not a string; an empty one is written ''");
  }
  const { source = '', type, range } = value;
  const anchor = [value, parsed.document.get('authorization', true), parsed.document.contents]
    .map((node) => (isMap(node) || isScalar(node) ? node.anchor : undefined))
    .find((name) => name !== undefined);
  if (anchor !== undefined) return refuse(`has the anchor &${anchor} or is below it: other values follow it`);
  const isTagged = value.tag !== undefined && (value.value === null || value.tag !== 'tag:yaml.org,2002:str');
  if (isTagged) return refuse('has a tag: remove it');
  const [start, end] = range;
  const write = (secret: string): string => {
    if (type === 'QUOTE_DOUBLE') return `"${secret}"`;
    const written = type === 'PLAIN' && isPlainString(secret) ? secret : `'${secret}'`;
    // A key without a value ends with its colon, and a comment may follow.
    return value.value !== null || source !== '' ? written : ` ${written}${text[end] === '#' ? ' ' : ''}`;
  };
  if (type !== 'PLAIN' && type !== 'QUOTE_SINGLE' && type !== 'QUOTE_DOUBLE')
    return refuse('is a block of lines: write it on one line');
  return { ok: true, secret: value.value ?? '', start, end, write };
}

/** The node at `authorization.jwtSecret`; `null` for a key without any value, `undefined` if there is no key. */
function secretNode(document: Document.Parsed): Node | null | undefined {
  const authorization = document.get('authorization', true);
  return isMap(authorization) ? authorization.get('jwtSecret', true) : undefined;
}

type ParsedFile =
  | { readonly ok: true; readonly document: Document.Parsed }
  | { readonly ok: false; readonly problem: string };

function parseFile(text: string): ParsedFile {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents) || documents.length === 0)
    return { ok: false, problem: `${secretSetting} is missing` };
  const [document, second] = documents;
  if (document === undefined || second !== undefined) {
    return { ok: false, problem: 'the file holds more than one YAML document' };
  }
  const [error] = document.errors;
  if (error !== undefined) {
    // The parser's message quotes the text, which may be the secret: so the problem names only its code and line.
    return {
      ok: false,
      problem: `line ${error.linePos?.[0].line ?? '?'}: the YAML cannot be read (${error.code})`,
    };
  }
  return { ok: true, document };
}

/** Whether a secret without quotes is a string in YAML 1.1 and in 1.2, not a number or a keyword: readers differ. */
function isPlainString(secret: string): boolean {
  return (['1.1', '1.2'] as const).every((version) => {
    try {
      return parse(`[${secret}]`, { version })?.[0] === secret;
    } catch {
      return false;
    }
  });
}

/**
 * rtcstats-server's YAML file (`config/production.yaml`), which node-config loads when the process starts.
 *
 * @see https://github.com/rtcstats/rtcstats
 */
export const rtcstatsYaml = configFileFormat<RtcstatsSettings>({
  secretSetting,
  encoding: 'utf8',
  findSecret,
  readSettings,
  settingsSchema,
  settingsProblems,
});
