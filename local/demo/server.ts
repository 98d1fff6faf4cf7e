import type { IncomingMessage, ServerResponse } from 'node:http';
import { listenOnLoopback } from '../loopback.ts';
import { demoClientId } from '../oidc-provider/client.ts';
import type { DemoConfig } from './demo-config.ts';
import { readPageFiles } from './page-files.ts';
import { answerRotation, type RotationAsker } from './rotation-route.ts';
import { pageHeaders } from './page-headers.ts';

/** What the page is started with. */
export interface DemoPageOptions {
  /** On loopback · 0 takes a free one. */
  readonly port: number;
  /** The API's origin, such as `http://localhost:3000`. */
  readonly api: string;
  /** The provider that signs people in. */
  readonly oidcIssuer: string;
  /** default `streampass-demo` */
  readonly clientId?: string;
  /** Where the media servers are. */
  readonly servers: DemoConfig['servers'];
  /** Runs the `rotate` function once and gives what it returned. */
  readonly rotate: (event: unknown) => Promise<unknown>;
  /** `demo` has waits that can be watched. */
  readonly profile: DemoConfig['profile'];
}

/** A page that is served. */
export interface DemoPage {
  /** `http://localhost:PORT` */
  readonly url: string;
  /** Ends every connection and frees the port. */
  close(): Promise<void>;
}

/**
 * Serves the demo page on loopback: its files, `GET /config.json`, and `GET` and `POST /rotation`, through which the
 * page watches and starts a rotation.
 *
 * @throws {Error} where the port is taken, or the page's script does not compile
 */
export async function startDemoPage(options: DemoPageOptions): Promise<DemoPage> {
  const { api, oidcIssuer, clientId = demoClientId, servers, rotate, profile } = options;
  const files = await readPageFiles();
  const config: DemoConfig = { tokenEndpoint: `${api}/token`, oidcIssuer, clientId, servers, profile };
  const ask = shareLooks(rotate);
  const headers = pageHeaders([api, oidcIssuer, ...servers.map(({ url }) => url)]);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const send = (status: number, type: string, body: string): void => {
      response
        .writeHead(status, { ...headers, 'content-type': type })
        .end(request.method === 'HEAD' ? '' : body);
    };
    const path = URL.parse(request.url ?? '/', 'http://localhost')?.pathname ?? '/';
    if (path === '/rotation') {
      const { status, body } = await answerRotation(request, `http://${request.headers.host}`, ask);
      send(status, 'application/json', JSON.stringify(body));
      return;
    }
    const file = files.get(path);
    if (!['GET', 'HEAD'].includes(request.method ?? '')) {
      send(405, 'text/plain; charset=utf-8', 'Only GET is answered here.\n');
    } else if (path === '/config.json') {
      send(200, 'application/json', JSON.stringify(config));
    } else if (file === undefined) {
      send(404, 'text/plain; charset=utf-8', 'There is no such page. The demo is at /.\n');
    } else {
      send(200, file.type, file.body);
    }
  };

  const { port, close } = await listenOnLoopback(options.port, (request, response) => {
    // The browser went away while its request was read.
    answer(request, response).catch(() => response.destroy());
  });
  return { url: `http://localhost:${port}`, close };
}

/** Pages that look at the rotation at the same time share one look: each would be an invocation of its own. */
function shareLooks(rotate: DemoPageOptions['rotate']): RotationAsker {
  let looking: Promise<unknown> | undefined;
  return {
    act: rotate,
    look: () => (looking ??= rotate({ action: 'status' }).finally(() => (looking = undefined))),
  };
}
