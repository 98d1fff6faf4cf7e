// Vue 3.3 and newer. The scope's end and changed options each end what they began.
import { onScopeDispose, shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue';
import { createStreamPass, type StreamPass, type StreamPassOptions, type StreamPassState } from './index.ts';
import { keyOf, latest } from './latest.ts';

/** What a component knows of its stream. */
export interface UseStreamPass {
  /** To connect with; another one after changed options. */
  readonly pass: Readonly<ShallowRef<StreamPass>>;
  /** `status`, `answer` and `error` of this moment. */
  readonly state: Readonly<ShallowRef<StreamPassState>>;
}

/**
 * A StreamPass that lives as long as the component or effect scope. It is made anew when what it asks for changes;
 * functions (`subjectToken`, `fetch`, `logger`) may be written inline, and the last ones are called. Nothing is sent
 * before the first `pass.value.token()` or `connect(pass.value, …)`.
 * @param options as `createStreamPass` takes them; a ref or a getter if they change.
 */
export function useStreamPass(options: MaybeRefOrGetter<StreamPassOptions>): UseStreamPass {
  const create = (): StreamPass => {
    const made = createStreamPass(latest(() => toValue(options)));
    made.on('changed', (changed) => {
      if (changed.status !== 'closed') state.value = changed;
    });
    return made;
  };
  const state = shallowRef<StreamPassState>({ status: 'idle', answer: undefined, error: undefined });
  const pass = shallowRef(create());
  watch(
    () => keyOf(toValue(options)),
    () => {
      pass.value.close();
      pass.value = create();
      state.value = pass.value.current();
    },
    { flush: 'sync' },
  );
  onScopeDispose(() => pass.value.close());
  return { pass, state };
}
