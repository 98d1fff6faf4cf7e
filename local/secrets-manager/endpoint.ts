import { randomInt as cryptoRandomInt, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { listenOnLoopback } from '../loopback.ts';
import type { Fault, Faults } from './faults.ts';
import type { Input } from './input.ts';
import { isInput } from './input.ts';
import { readBody } from './read-body.ts';
import { ServiceError } from './service-error.ts';
import type { Outcome } from './state.ts';
import { execute, isRead } from './state.ts';
import { loadState, saveState } from './state-file.ts';
import type { Store } from './store.ts';
import { EMPTY_STORE } from './store.ts';

/** What a SecretsManagerEndpoint is made of. */
export interface SecretsManagerEndpointOptions {
  /** TCP port on loopback; 0 takes a free one. */
  readonly port: number;
  /** Where the store outlives the process · absent: in memory only. */
  readonly stateFile?: string;
  /** Epoch milliseconds · default: the system clock. */
  readonly now?: () => number;
  /** A whole number from 0 to `below` - 1, for ARN suffixes and passwords · default: node:crypto. */
  readonly randomInt?: (below: number) => number;
  /** What goes wrong, call by call, for tests · absent: nothing. */
  readonly faults?: Faults;
}

/** A running endpoint. */
export interface SecretsManagerEndpoint {
  /** For `AWS_ENDPOINT_URL_SECRETS_MANAGER`. */
  readonly url: string;
  /** Carries out a call without HTTP and without faults; the store is saved before it returns. */
  execute(operation: string, input: Input): Outcome;
  /** The store as it is now, secrets included. */
  state(): Store;
  /** Ends all connections, also those whose call hangs, and frees the port. */
  close(): Promise<void>;
}

const KEPT_STORES = 100;

/**
 * Starts an AWS Secrets Manager endpoint on this machine (AWS JSON 1.1), for the real SDK. It takes any
 * credentials and region and does not check signatures, so it listens on loopback only.
 *
 * @throws {Error} one line: the port is taken, or the state file cannot be used
 * @see AWS Secrets Manager API reference; AWS JSON 1.1 protocol of the Smithy documentation
 */
export async function createSecretsManagerEndpoint(
  options: SecretsManagerEndpointOptions,
): Promise<SecretsManagerEndpoint> {
  const { stateFile, now = Date.now, randomInt = cryptoRandomInt, faults } = options;
  let store = stateFile === undefined ? EMPTY_STORE : loadState(stateFile);
  /** Stores before the latest writes, oldest first, for stale reads. */
  let earlier: readonly Store[] = [];

  const run = (operation: string, input: Input): Outcome => {
    const outcome = execute(store, operation, input, { nowMs: now(), randomInt });
    if (outcome.store === store) return outcome;
    if (stateFile !== undefined) saveState(stateFile, outcome.store);
    if (!isRead(operation)) earlier = [...earlier, store].slice(-KEPT_STORES);
    store = outcome.store;
    return outcome;
  };

  const runStale = (operation: string, input: Input, staleWrites: number): Outcome => {
    const before = staleWrites < 1 ? store : (earlier.at(-staleWrites) ?? earlier[0] ?? store);
    return execute(before, operation, input, { nowMs: now(), randomInt });
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { operation, input } = await readCall(request);
    const fault = faults?.(operation, input);
    const outcome = carryOut(fault, operation, input);
    if (fault === 'hang') return;
    if (fault === 'drop-connection' || fault === 'drop-after-effect') {
      request.socket.destroy();
    } else if (outcome?.output) {
      send(response, 200, outcome.output);
    } else {
      throw outcome?.error ?? new Error('a call was answered with neither output nor error');
    }
  };

  const carryOut = (fault: Fault | undefined, operation: string, input: Input): Outcome | undefined => {
    if (fault === undefined || fault === 'drop-after-effect') return run(operation, input);
    if (typeof fault === 'object') {
      return isRead(operation) ? runStale(operation, input, fault.staleWrites) : run(operation, input);
    }
    if (fault === 'throttle') throw new ServiceError('ThrottlingException', 'Rate exceeded');
    if (fault === 'fail-after-effect') run(operation, input);
    if (fault === 'internal-error' || fault === 'fail-after-effect') throw internalError();
    return undefined;
  };

  const { port, close } = await listenOnLoopback(options.port, (request, response) => {
    answer(request, response).catch((error: unknown) => sendError(response, error));
  });
  return { url: `http://127.0.0.1:${port}`, execute: run, state: () => store, close };
}

/** The operation that `X-Amz-Target` names and the JSON object in the body. */
async function readCall(request: IncomingMessage): Promise<{ operation: string; input: Input }> {
  const body = await readBody(request);
  const target = request.headers['x-amz-target'];
  if (request.method !== 'POST' || typeof target !== 'string' || !target.startsWith('secretsmanager.')) {
    throw new ServiceError(
      'UnknownOperationException',
      'A call is POST with the header X-Amz-Target: secretsmanager.OPERATION.',
    );
  }
  let input: unknown;
  try {
    input = JSON.parse(body === '' ? '{}' : body);
  } catch {
    input = undefined;
  }
  if (!isInput(input)) throw new ServiceError('SerializationException', 'The body must be one JSON object.');
  return { operation: target.slice('secretsmanager.'.length), input };
}

function internalError(): ServiceError {
  return new ServiceError('InternalServiceError', 'An error occurred on the server side.');
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.destroyed) return;
  // What is not a refusal is a fault of this endpoint: the caller is told as AWS would, the operator in full.
  if (!(error instanceof ServiceError)) console.error('secrets-manager:', error);
  const { code, message } = error instanceof ServiceError ? error : internalError();
  send(response, STATUS_OF.get(code) ?? 400, { __type: code, Message: message });
}

const STATUS_OF: ReadonlyMap<string, number> = new Map([
  ['InternalServiceError', 500],
  ['RequestEntityTooLargeException', 413],
]);

function send(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': randomUUID(),
      // The rest of a body that is too large is not read, so this connection cannot carry another call.
      ...(status === 413 && { connection: 'close' }),
    })
    .end(JSON.stringify(body));
}
