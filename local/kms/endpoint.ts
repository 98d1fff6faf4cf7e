import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { listenOnLoopback } from '../loopback.ts';
import { readBody } from '../secrets-manager/read-body.ts';
import { execute, KmsError, storeSchema, type KmsStore } from './keys.ts';

/** What goes wrong with a call: the code that it is refused with, or no answer at all. */
export type KmsFault = { readonly code: string } | 'hang';

/** What a KMS endpoint is made of. */
export interface KmsEndpointOptions {
  /** TCP port on loopback; 0 takes a free one. */
  readonly port: number;
  /** Where keys outlive the process · absent: in memory only. */
  readonly stateFile?: string;
  /** What goes wrong, call by call, for tests · absent: nothing. */
  readonly faults?: (operation: string) => KmsFault | undefined;
}

/** A running endpoint. */
export interface KmsEndpoint {
  /** For `AWS_ENDPOINT_URL_KMS`. */
  readonly url: string;
  /** The operations that were asked for, in their order. */
  readonly calls: readonly string[];
  /** Carries out a call without HTTP and without faults. */
  execute(operation: string, input: unknown): Readonly<Record<string, unknown>>;
  /** Ends all connections and frees the port. */
  close(): Promise<void>;
}

const PREFIX = 'TrentService.';

/**
 * Starts an AWS KMS endpoint on this machine (AWS JSON 1.1), for the real SDK: keys of P-256 and RSA that sign digests, and
 * imported keys that make MACs. It takes any credentials and region and checks no permission, so it listens on loopback only.
 *
 * @throws {Error} the port is taken, or the state file cannot be used
 * @see KMS API reference; AWS JSON 1.1 protocol of the Smithy documentation
 */
export async function createKmsEndpoint({
  port,
  stateFile,
  faults,
}: KmsEndpointOptions): Promise<KmsEndpoint> {
  let store = load(stateFile);
  const calls: string[] = [];

  const run = (operation: string, input: unknown): Readonly<Record<string, unknown>> => {
    const outcome = execute(store, operation, input, Date.now() / 1000);
    if (outcome.store !== store && stateFile !== undefined) save(stateFile, outcome.store);
    store = outcome.store;
    return outcome.output;
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = String(request.headers['x-amz-target']);
    const input: unknown = JSON.parse((await readBody(request)) || '{}');
    if (request.method !== 'POST' || !target.startsWith(PREFIX))
      throw new KmsError('UnknownOperationException', 'A call is POST with X-Amz-Target: TrentService.NAME.');
    const operation = target.slice(PREFIX.length);
    calls.push(operation);
    const fault = faults?.(operation);
    if (fault === 'hang') return;
    if (fault !== undefined) throw new KmsError(fault.code, 'Refused by the test.');
    send(response, 200, run(operation, input));
  }

  const listening = await listenOnLoopback(port, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      const { code, message } = error instanceof KmsError ? error : INTERNAL;
      send(response, error instanceof KmsError ? 400 : 500, { __type: code, message });
    });
  });
  return {
    url: `http://127.0.0.1:${listening.port}`,
    calls,
    execute: run,
    close: () => listening.close(),
  };
}

const INTERNAL = { code: 'KMSInternalException', message: 'An error occurred on the server side.' };

function send(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() })
    .end(JSON.stringify(body));
}

function load(file: string | undefined): KmsStore {
  if (file === undefined || !existsSync(file)) return { keys: [], aliases: {} };
  try {
    return v.parse(storeSchema, JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // What was caught could quote a key.
    throw new Error(`the KMS state file ${file} holds no keys: move it away to start without any`);
  }
}

/** Only its owner may read it: it holds the keys. */
function save(file: string, store: KmsStore): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.tmp`, JSON.stringify(store), { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
}
