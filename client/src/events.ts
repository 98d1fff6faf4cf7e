import type { StreamPassError } from './error.ts';
import type { ExchangeAnswer } from './exchange.ts';
import { fieldsOf } from './fields.ts';
import type { StreamPassLogger } from './options.ts';
import type { StreamPassState } from './state.ts';

/** The events, and what each brings to its listeners. */
export interface StreamPassEvents {
  /** A new token is held, the first one too. */
  renewed: ExchangeAnswer;
  /** The held token reached its end before a new one came. */
  expired: undefined;
  /** The exchange was refused in a way that waiting does not fix: `sign-in-again`, `not-allowed`, `bad-request`. */
  denied: StreamPassError;
  /** The exchange failed for now (`try-later`), and is tried again by itself. */
  delayed: StreamPassError;
  /** The state is another one; told after the event that changed it. */
  changed: StreamPassState;
}

/** Called with what the event brings, while the event happens. */
export type Listener<Name extends keyof StreamPassEvents> = (detail: StreamPassEvents[Name]) => void;

/** Adds a listener; returns its removal. */
export type On = <Name extends keyof StreamPassEvents>(name: Name, listener: Listener<Name>) => () => void;

/** Who listens, and how they are told. */
export interface Events {
  readonly on: On;
  emit<Name extends keyof StreamPassEvents>(name: Name, detail: StreamPassEvents[Name]): void;
  clear(): void;
}

/** Listeners by event. What a listener throws becomes an unhandled rejection, and disturbs nothing here. */
export function createEvents(logger: StreamPassLogger | undefined): Events {
  const registered = new Set<readonly [name: keyof StreamPassEvents, listener: (detail: never) => void]>();
  return {
    on(name, listener) {
      const entry = [name, listener] as const;
      registered.add(entry);
      return () => registered.delete(entry);
    },
    emit(name, detail) {
      // An answer holds tokens: of it nothing is logged.
      const { message, status } = fieldsOf(detail);
      logger?.[message ? 'warn' : 'debug'](['streampass:', name, message, status].filter(Boolean).join(' '));
      for (const [heard, listener] of registered) {
        // Called now; what it throws rejects this promise, which nobody handles.
        if (heard === name) void new Promise(() => listener(detail as never));
      }
    },
    clear: () => registered.clear(),
  };
}
