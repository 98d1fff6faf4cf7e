import type { IncomingMessage } from 'node:http';

/** What the page's buttons ask for, as events of the `rotate` function. */
const events: Readonly<Record<string, (target: string) => object>> = {
  start: () => ({ action: 'start' }),
  emergency: (target) => ({ action: 'start', emergency: true, targets: target }),
  abort: () => ({ action: 'abort' }),
};

const longestBodyBytes = 1024;

/** Asks the `rotate` function. */
export interface RotationAsker {
  /** How the rotation stands. */
  readonly look: () => Promise<unknown>;
  readonly act: (event: object) => Promise<unknown>;
}

interface RotationAnswer {
  readonly status: number;
  /** The report of `rotate`, or `problem` in one line. */
  readonly body: unknown;
}

/**
 * `GET /rotation`: how the rotation stands. `POST /rotation` with JSON `action` (`start`, `abort`, or `emergency` with its `target`): does it,
 * and only for the page itself, since any site could send a form to this address.
 *
 * @param origin the page's own
 */
export async function answerRotation(
  request: IncomingMessage,
  origin: string,
  asker: RotationAsker,
): Promise<RotationAnswer> {
  const { method, headers } = request;
  if (method === 'GET') return answerWith(asker.look);
  if (method !== 'POST') return refuse(405, 'GET and POST are answered here.');
  if (headers.origin !== origin) return refuse(403, 'Only the page itself may change a rotation.');
  if (headers['content-type'] !== 'application/json')
    return refuse(415, 'The body must be application/json.');
  const { action, target } = await readAction(request);
  const event = events[action]?.(target);
  if (event === undefined)
    return refuse(400, `The action must be one of: ${Object.keys(events).join(', ')}.`);
  return answerWith(() => asker.act(event));
}

async function answerWith(ask: () => Promise<unknown>): Promise<RotationAnswer> {
  try {
    const report = await ask();
    if (typeof report === 'object' && report !== null && 'targets' in report)
      return { status: 200, body: report };
    return refuse(502, `The rotate function failed: ${messageOf(report)}`);
  } catch (error) {
    return refuse(503, `The rotate function does not answer: ${messageOf(error)}`);
  }
}

function refuse(status: number, problem: string): RotationAnswer {
  return { status, body: { problem } };
}

/** Of an error, or of what Lambda returns for one. */
function messageOf(error: unknown): string {
  const { message, errorMessage } = Object(error) as Record<string, unknown>;
  return String(errorMessage ?? message ?? 'it gave no report');
}

/** The action and the target of the body, `''` if there is none. What is longer than any action is read to its end, not kept. */
async function readAction(request: IncomingMessage): Promise<{ action: string; target: string }> {
  const none = { action: '', target: '' };
  let text = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    if (text.length <= longestBodyBytes) text += chunk;
  }
  if (text.length > longestBodyBytes) return none;
  try {
    const { action, target = '' } = JSON.parse(text) as { action?: unknown; target?: unknown };
    const isKnown = typeof action === 'string' && Object.hasOwn(events, action);
    return isKnown && typeof target === 'string' ? { action, target } : none;
  } catch {
    return none;
  }
}
