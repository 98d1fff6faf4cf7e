/** The process behind `function-host.ts`: imports a built function when it is first called, and calls it. */

import { join } from 'node:path';
import { PROJECT } from './project.ts';

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

const handlers = new Map<string, Promise<{ handler: Handler }>>();

process.on('message', (message: { id: number; name: string; event: unknown }) => {
  void answer(message);
});

async function answer({ id, name, event }: { id: number; name: string; event: unknown }): Promise<void> {
  const path = join(PROJECT, `dist/functions/${name}.mjs`);
  const loaded = handlers.get(name) ?? (import(path) as Promise<{ handler: Handler }>);
  handlers.set(name, loaded);
  try {
    const response = await (
      await loaded
    ).handler(event, {
      functionName: `streampass-test-${name}`,
      awsRequestId: String(id),
      invokedFunctionArn: `arn:aws:lambda:eu-west-1:000000000000:function:streampass-test-${name}`,
    });
    process.send?.({ id, response });
  } catch (error) {
    process.send?.({ id, error: String(error) });
  }
}
