import {
  isAlias,
  isMap,
  isScalar,
  parse,
  parseAllDocuments,
  type Document,
  type Node,
  type Scalar,
} from 'yaml';
import type { ExpectedSettings, ReadSecret, ReadSettings, ReplacedText } from '../config-file.ts';
import { replaceRange, unwritableSecret } from '../replace-range.ts';

/**
 * rtcstats-server's YAML file (`config/production.yaml`), which node-config loads when the process starts.
 *
 * @see https://github.com/rtcstats/rtcstats
 */
export const secretSetting = 'authorization.jwtSecret';

/** The one setting of rtcstats-server that decides about tokens: it looks at nothing but the signature and times. */
export interface RtcstatsSettings {
  /** `none`: absent or empty, so everyone is let in. `other`: not a text, which refuses every token. */
  readonly secret: 'text' | 'none' | 'other';
}

/** The secret as the server gets it. Refused: a number, a list, an alias, a file of several documents. */
export function readSecret(text: string): ReadSecret {
  const found = findSecret(text);
  return found.ok ? { ok: true, secret: found.scalar.value } : found;
}

/** Replaces the scalar of `authorization.jwtSecret` in its own style; a plain one gets quotes where it needs them. */
export function replaceSecret(text: string, secret: string): ReplacedText {
  const unwritable = unwritableSecret(secret);
  if (unwritable !== undefined) return { ok: false, problem: unwritable };
  const found = findSecret(text);
  if (!found.ok) return found;
  const { scalar } = found;
  if (!scalar.range) return { ok: false, problem: `${secretSetting} has no place in the text` };
  if (scalar.anchor !== undefined) {
    return {
      ok: false,
      problem: `${secretSetting} has the anchor &${scalar.anchor}: other values follow it`,
    };
  }
  const written = inStyleOf(scalar, secret);
  if (written === undefined)
    return { ok: false, problem: `${secretSetting} is a block text: write it on one line` };
  const range = { start: scalar.range[0], end: scalar.range[1] };
  return replaceRange(text, range, { written, secret, readSecret });
}

/** Reads whether tokens are asked for at all. */
export function readSettings(text: string): ReadSettings<RtcstatsSettings> {
  const parsed = parseFile(text);
  if (!parsed.ok) return parsed;
  const value = secretNode(parsed.document);
  if (value === undefined || value === null) return { ok: true, settings: { secret: 'none' } };
  if (!isScalar(value)) return { ok: true, settings: { secret: 'other' } };
  if (value.value === null || value.value === '') return { ok: true, settings: { secret: 'none' } };
  return { ok: true, settings: { secret: typeof value.value === 'string' ? 'text' : 'other' } };
}

/** One line where the server would let everyone in, or no one. `expected` has nothing that this server compares. */
export function settingsProblems(settings: RtcstatsSettings, _expected: ExpectedSettings): readonly string[] {
  switch (settings.secret) {
    case 'text':
      return [];
    case 'none':
      return [`${secretSetting} is empty or missing: rtcstats-server lets everyone in without a token`];
    case 'other':
      return [`${secretSetting} is not a text: rtcstats-server refuses every token`];
  }
}

/** What {@link settingsProblems} says about a file's text. */
export function problems(text: string, expected: ExpectedSettings): readonly string[] {
  const read = readSettings(text);
  return read.ok ? settingsProblems(read.settings, expected) : [read.problem];
}

type FoundSecret =
  { readonly ok: true; readonly scalar: Scalar<string> } | { readonly ok: false; readonly problem: string };

function findSecret(text: string): FoundSecret {
  const parsed = parseFile(text);
  if (!parsed.ok) return parsed;
  const value = secretNode(parsed.document);
  if (value === undefined) return { ok: false, problem: `${secretSetting} is missing` };
  if (isAlias(value))
    return { ok: false, problem: `${secretSetting} is the alias *${value.source}, not a text` };
  if (isScalar<string>(value) && typeof value.value === 'string') return { ok: true, scalar: value };
  return { ok: false, problem: `${secretSetting} is not a text; an empty one is written ''` };
}

/** The node at `authorization.jwtSecret`; `null` for a key without any value, `undefined` where there is no key. */
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
    // The parser's message quotes the text, which may be the secret: only its code and place are told.
    return {
      ok: false,
      problem: `line ${error.linePos?.[0].line ?? '?'}: the YAML cannot be read (${error.code})`,
    };
  }
  return { ok: true, document };
}

function inStyleOf(scalar: Scalar, secret: string): string | undefined {
  switch (scalar.type) {
    case 'PLAIN':
      return isPlainText(secret) ? secret : `'${secret}'`;
    case 'QUOTE_SINGLE':
      return `'${secret}'`;
    case 'QUOTE_DOUBLE':
      return `"${secret}"`;
    default:
      return undefined;
  }
}

/** Whether a secret without quotes is a text and no number or word in YAML 1.1 and in 1.2: readers differ. */
function isPlainText(secret: string): boolean {
  return (['1.1', '1.2'] as const).every((version) => {
    try {
      return parse(`[${secret}]`, { version })?.[0] === secret;
    } catch {
      return false;
    }
  });
}
