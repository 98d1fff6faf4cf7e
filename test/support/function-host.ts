import { fork } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT } from './project.ts';
import type { ApiGatewayEvent, ApiGatewayResponse } from '../../lib/api-gateway/event.ts';

const HOST = join(import.meta.dirname, 'function-host-process.ts');

/** Built functions in a process of their own, as Lambda loads them: one environment, one import each. */
export interface FunctionHost {
  /** Calls `dist/functions/NAME.mjs`'s handler with an event. */
  readonly invoke: (name: string, event: unknown) => Promise<ApiGatewayResponse>;
  /** All that the functions have written so far. */
  readonly output: () => string;
  readonly close: () => Promise<void>;
}

/** Starts a process for built functions; `env` is all that they see beside PATH. */
export async function startFunctionHost(env: Readonly<Record<string, string>>): Promise<FunctionHost> {
  const child = fork(HOST, {
    env: {
      PATH: process.env['PATH'] ?? '',
      STREAMPASS_TEST_PROJECT: PROJECT,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += String(chunk)));
  child.stderr?.on('data', (chunk) => (output += String(chunk)));
  const pending = new Map<number, PromiseWithResolvers<ApiGatewayResponse>>();
  let calls = 0;
  child.on('message', (message) => {
    const { id, response, error } = message as { id: number; response?: ApiGatewayResponse; error?: string };
    if (response === undefined) pending.get(id)?.reject(new Error(error));
    else pending.get(id)?.resolve(response);
    pending.delete(id);
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void exited.then(() => {
    for (const { reject } of pending.values()) reject(new Error(`the function's process ended:\n${output}`));
  });
  return {
    invoke(name, event) {
      const id = (calls += 1);
      const call = Promise.withResolvers<ApiGatewayResponse>();
      pending.set(id, call);
      child.send({ id, name, event });
      return call.promise;
    },
    output: () => output,
    async close() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** A token exchange as API Gateway hands it over: payload format 2.0, the form in base64. */
export function tokenEvent(
  parameters: Readonly<Record<string, string>>,
  changes: Partial<ApiGatewayEvent> = {},
): ApiGatewayEvent {
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    ...parameters,
  };
  return {
    rawPath: '/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded', host: 'api.example.com' },
    requestContext: {
      domainName: 'api.example.com',
      requestId: 'request-1',
      http: { method: 'POST', sourceIp: '192.0.2.1' },
    },
    body: Buffer.from(new URLSearchParams(form).toString()).toString('base64'),
    isBase64Encoded: true,
    ...changes,
  };
}
