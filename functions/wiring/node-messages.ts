import { bodyOf, jsonResponse } from '../../lib/api-gateway/event.ts';
import type { ApiGatewayEvent } from '../../lib/api-gateway/event.ts';
import { MESSAGE_STATUS } from '../../lib/fleet/node-message.ts';
import type { Refused } from '../../lib/fleet/node-message.ts';
import type { Answer } from './http-function.ts';

/** How a function handles the messages of nodes. */
export interface NodeMessages<Known> {
  /** Its name in log lines. */
  readonly name: string;
  /** What is known of each target whose nodes may send messages. */
  readonly targets: ReadonlyMap<string, Known>;
  /** The position of the target in the path, counted from the end, if the event has no path parameter. */
  readonly place: -1 | -2;
  /** Longest message, in bytes. */
  readonly mostBytes: number;
  /** @param token the message, attacker-controlled */
  readonly receive: (
    token: string,
    target: string,
    known: Known,
  ) => Promise<{ readonly ok: true; readonly answer: unknown } | Refused>;
}

/** Answers a message with 200, or with 404, 400, 401 or 409 and a `reason`. It throws what `receive` throws. */
export function nodeMessages<Known>({ name, targets, place, mostBytes, receive }: NodeMessages<Known>) {
  const refuse = (status: number, reason: string, target?: string): Answer => ({
    ...jsonResponse(status, { reason }),
    audit: () => [{ event: `${name}.refused`, target, reason }],
  });
  return async (event: ApiGatewayEvent): Promise<Answer> => {
    const target = event.pathParameters?.['target'] ?? event.rawPath?.split('/').at(place) ?? '';
    const known = targets.get(target);
    // Only names of the configuration are logged.
    if (known === undefined) return refuse(404, 'target_unknown');
    const body = bodyOf(event, mostBytes);
    if (body === undefined) return refuse(400, 'message_malformed', target);
    const received = await receive(body.toString('utf8').trim(), target, known);
    return received.ok
      ? jsonResponse(200, received.answer)
      : refuse(MESSAGE_STATUS[received.reason], received.reason, target);
  };
}
