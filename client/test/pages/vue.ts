// A page that uses the Vue entry as a component does, and tells a test what it saw.
import { createApp, defineComponent, h, reactive, watchEffect } from 'vue';
import type { StreamPass } from '../../src/index.ts';
import { useStreamPass } from '../../src/vue.ts';
import type { HookPage } from './hook-page.ts';

const seen: HookPage['seen'] = { statuses: [], closed: 0, errors: [] };
let last: StreamPass | undefined;
const props = reactive({ room: 'a', user: 'first', isShown: true });

const Stream = defineComponent(() => {
  const { pass, state } = useStreamPass(() => ({
    endpoint: '/token',
    audience: 'red5',
    room: props.room,
    subjectToken: () => props.user,
  }));
  watchEffect(() => {
    last = pass.value;
    last.token().catch((error: unknown) => seen.errors.push(String(error)));
  });
  return () => {
    if (pass.value.current().status === 'closed') seen.closed++;
    seen.statuses.push(state.value.status);
    return h('output', `${props.room}: ${state.value.status}`);
  };
});

const page: HookPage = {
  seen,
  set: (room, user) => Object.assign(props, { room, user }),
  unmount: () => (props.isShown = false),
  renew: async () => (await last?.renew())?.token,
  current: () => last?.current().status,
};
Object.assign(globalThis, { page });

createApp(defineComponent(() => () => (props.isShown ? h(Stream) : null))).mount(
  document.body.appendChild(document.createElement('div')),
);
