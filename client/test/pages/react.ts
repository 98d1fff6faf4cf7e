// A page that uses the React entry as a component does, in Strict Mode, and tells a test what it saw.
import { createElement, StrictMode, useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import type { StreamPass } from '../../src/index.ts';
import { useStreamPass } from '../../src/react.ts';
import type { HookPage } from './hook-page.ts';

const seen: HookPage['seen'] = { statuses: [], closed: 0, errors: [] };
let last: StreamPass | undefined;

function Stream({ room, user }: { readonly room: string; readonly user: string }) {
  const { pass, status } = useStreamPass({
    endpoint: '/token',
    audience: 'red5',
    room,
    subjectToken: () => user,
  });
  if (pass?.current().status === 'closed') seen.closed++;
  seen.statuses.push(status);
  last = pass ?? last;
  useEffect(() => {
    pass?.token().catch((error: unknown) => seen.errors.push(String(error)));
  }, [pass]);
  return createElement('output', null, `${room}: ${status}`);
}

function App() {
  const [props, setProps] = useState({ room: 'a', user: 'first' });
  const [isShown, setIsShown] = useState(true);
  const page: HookPage = {
    seen,
    // Rendered when it returns, so that a test's next step meets the new render.
    set: (room, user) => flushSync(() => setProps({ room, user })),
    unmount: () => setIsShown(false),
    renew: async () => (await last?.renew())?.token,
    current: () => last?.current().status,
  };
  Object.assign(globalThis, { page });
  return isShown ? createElement(Stream, props) : null;
}

createRoot(document.body.appendChild(document.createElement('div'))).render(
  createElement(StrictMode, null, createElement(App)),
);
