import type { Fleet } from './fleet.ts';
import { answerJson, readText, type HttpExchange } from './http-exchange.ts';
import { rulesOf, type MediaServerKind } from './rules/index.ts';
import { isObject } from './rules/token-text.ts';
import type { Attempt } from './rules/server-rules.ts';

const longestBody = 64 * 1024;

/**
 * `POST /connect`, the same for every kind of server and easy for curl: JSON `token`, `room`, `action`, `transport` →
 * 200 with what was granted, 403 with the server's reason, 400 for a request without a member that the server needs,
 * 503 while no node takes connections. `?node=N` asks for one node. With `?status=body` the status is 200 and the body holds
 * it, for pages: a browser writes every other status into its console in red.
 */
export async function answerConnect<Kind extends MediaServerKind>(
  fleet: Fleet<Kind>,
  exchange: HttpExchange,
): Promise<void> {
  const { searchParams } = exchange.url;
  const tell = (status: number, words: object): void => {
    if (searchParams.get('status') === 'body') answerJson(exchange, 200, { status, ...words });
    else answerJson(exchange, status, words);
  };
  const body = await readText(exchange.request, longestBody);
  const asked = parseConnect(body, rulesOf(fleet.kind).actions);
  if (!asked.ok) {
    tell(400, { reason: asked.problem });
    return;
  }
  const picked = fleet.pick(searchParams.get('node'), asked.token);
  if (!picked.ok) {
    tell(picked.unknown ? 400 : 503, { reason: picked.problem });
    return;
  }

  const { token, attempt } = asked;
  const decision = fleet.decide(picked, token, attempt);
  const where = { server: fleet.kind, node: picked.node.index, nodes: fleet.nodes.length };
  if (decision.accepted) {
    tell(200, { ...where, action: attempt.action, granted: decision.granted });
  } else {
    const { reason, neverAnswers } = decision;
    tell(403, { ...where, reason, ...(neverAnswers && { never_answers: true }) });
  }
}

type ParsedConnect =
  | { readonly ok: true; readonly token: string | undefined; readonly attempt: Attempt }
  | { readonly ok: false; readonly problem: string };

function parseConnect(body: string | undefined, actions: readonly [string, ...string[]]): ParsedConnect {
  const fail = (problem: string) => ({ ok: false, problem }) as const;
  if (body === undefined) return fail(`the body is longer than ${longestBody} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return fail('the body is not JSON');
  }
  if (!isObject(value)) return fail('the body is not a JSON object');
  for (const name of ['token', 'room', 'action', 'transport']) {
    const text = Object.hasOwn(value, name) ? value[name] : undefined;
    if (text !== undefined && typeof text !== 'string') return fail(`${name} is not a string`);
  }
  const {
    token,
    room,
    action = actions[0],
    transport,
  } = value as Readonly<Record<string, string | undefined>>;
  if (!actions.includes(action)) return fail(`action must be one of: ${actions.join(', ')}`);
  return { ok: true, token, attempt: { action, room, transport } };
}
