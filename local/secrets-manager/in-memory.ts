import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Input } from './input.ts';
import { execute } from './state.ts';
import { EMPTY_STORE } from './store.ts';

/** What the SDK's own deserializer does with these members: an epoch in seconds becomes a date. */
const DATES = ['CreatedDate', 'LastChangedDate', 'LastAccessedDate', 'DeletedDate'];

/**
 * Secrets Manager without a wire, for whoever takes the SDK's client: as fast as memory, on any clock.
 *
 * @param now epoch seconds
 */
export function inMemorySecretsManager(now: () => number): Pick<SecretsManagerClient, 'send'> {
  let store = EMPTY_STORE;
  let drawn = 0;
  const send = async (command: { readonly input: object }): Promise<unknown> => {
    const operation = command.constructor.name.replace(/Command$/, '');
    const input = command.input as Input;
    const context = { nowMs: now() * 1000, randomInt: (below: number) => (drawn++ * 7919) % below };
    const outcome = execute(store, operation, input, context);
    store = outcome.store;
    if (outcome.error !== undefined) {
      throw Object.assign(new Error(outcome.error.message), { name: outcome.error.code });
    }
    return withDates(outcome.output) as unknown;
  };
  return { send } as unknown as Pick<SecretsManagerClient, 'send'>;
}

function withDates(output: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(output).map(([name, value]) => [
      name,
      DATES.includes(name) && typeof value === 'number' ? new Date(value * 1000) : value,
    ]),
  );
}
