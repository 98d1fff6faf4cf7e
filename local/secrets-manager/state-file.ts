// The store on disk. It holds secrets in clear text, so only its owner may read it.

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { isInput } from './input.ts';
import type { Store } from './store.ts';
import { EMPTY_STORE } from './store.ts';

const FORMAT = 'streampass-local-secrets-1';

/**
 * The store that the file holds; an empty one where there is no file yet. A half-written neighbour that a
 * killed process left behind is removed.
 *
 * @throws {Error} one line: the file cannot be read, or is not a store; never a part of its content
 */
export function loadState(file: string): Store {
  rmSync(temporary(file), { force: true });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return EMPTY_STORE;
    throw new Error(`cannot read the Secrets Manager state file ${file}: ${errorCode(error)}`, {
      cause: error,
    });
  }
  const problem = 'move it away to start with an empty store';
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may be a secret.
    throw new Error(`the Secrets Manager state file ${file} is not JSON: ${problem}`);
  }
  const store = isInput(parsed) && parsed['format'] === FORMAT ? parsed['store'] : undefined;
  if (!isStore(store)) {
    throw new Error(`the Secrets Manager state file ${file} does not hold a store of secrets: ${problem}`);
  }
  return store;
}

/**
 * Puts the store in the place of the file's content, all or nothing: whenever the process dies, the file holds
 * either the earlier store or this one. When it returns, the store survives a power cut too.
 *
 * @throws {Error} from node:fs, where the disk is full or the folder is not writable; the file is then as before
 */
export function saveState(file: string, store: Store): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Never reuse what lies there: it would keep its own mode, or be a link to somewhere else.
  rmSync(temporary(file), { force: true });
  const descriptor = openSync(temporary(file), 'wx', 0o600);
  try {
    writeAll(descriptor, Buffer.from(JSON.stringify({ format: FORMAT, store })));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary(file), file);
  syncFolder(dirname(file));
}

function temporary(file: string): string {
  return `${file}.tmp`;
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) {
    written += writeSync(descriptor, bytes, written);
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

function isStore(value: unknown): value is Store {
  return isInput(value) && isListOf(value['secrets'], isSecret);
}

function isSecret(value: unknown): boolean {
  return (
    isInput(value) &&
    ['arn', 'name'].every((member) => typeof value[member] === 'string') &&
    ['description', 'kmsKeyId'].every((member) => isOptional(value[member], 'string')) &&
    ['createdMs', 'changedMs'].every((member) => typeof value[member] === 'number') &&
    ['accessedMs', 'deletionMs'].every((member) => isOptional(value[member], 'number')) &&
    isListOf(value['tags'], isTag) &&
    isListOf(value['versions'], isVersion) &&
    isOneHolderALabel(value['versions']) &&
    (value['rotation'] === undefined || isRotation(value['rotation']))
  );
}

function isTag(value: unknown): boolean {
  return isInput(value) && typeof value['key'] === 'string' && typeof value['value'] === 'string';
}

function isVersion(value: unknown): value is { labels: string[] } {
  return (
    isInput(value) &&
    typeof value['id'] === 'string' &&
    typeof value['createdMs'] === 'number' &&
    isOptional(value['accessedMs'], 'number') &&
    (value['value'] === undefined || isSecretValue(value['value'])) &&
    isListOf(value['labels'], (label) => typeof label === 'string')
  );
}

function isSecretValue(value: unknown): boolean {
  return (
    isInput(value) && (typeof value['string'] === 'string') !== (typeof value['binaryBase64'] === 'string')
  );
}

function isRotation(value: unknown): boolean {
  return (
    isInput(value) &&
    typeof value['enabled'] === 'boolean' &&
    typeof value['lambdaArn'] === 'string' &&
    (value['rules'] === undefined || isInput(value['rules']))
  );
}

function isOneHolderALabel(versions: unknown): boolean {
  const labels = Array.isArray(versions)
    ? versions.filter(isVersion).flatMap((version) => version.labels)
    : [];
  return new Set(labels).size === labels.length;
}

function isOptional(value: unknown, type: 'string' | 'number'): boolean {
  return value === undefined || typeof value === type;
}

function isListOf(value: unknown, isEntry: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isEntry);
}
