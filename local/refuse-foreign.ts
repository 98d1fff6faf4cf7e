/**
 * `node --import …/refuse-foreign.ts`: no HTTP server of that process answers what another site's page may have sent. It is
 * for serverless-offline, whose port for invocations runs a function for whoever sends a POST.
 */

import { Server, ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { foreignness } from './loopback.ts';

const emit = Server.prototype.emit as (this: Server, event: string, ...values: unknown[]) => boolean;

Server.prototype.emit = function emitOwn(this: Server, event: string, ...values: unknown[]): boolean {
  const [request, response] = values;
  const foreign = event === 'request' ? foreignness(request as IncomingMessage) : undefined;
  if (foreign === undefined || !(response instanceof ServerResponse))
    return emit.call(this, event, ...values);
  response.writeHead(foreign.status, { connection: 'close' }).end(`${foreign.problem}\n`);
  return true;
};
