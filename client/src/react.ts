// React 18 and newer. Strict Mode, unmounting and changed options each end what they began.
import { useEffect, useRef, useState } from 'react';
import { createStreamPass, type StreamPass, type StreamPassOptions, type StreamPassState } from './index.ts';
import { keyOf, latest } from './latest.ts';

/** What a component knows of its stream. */
export interface UseStreamPass extends StreamPassState {
  /** To connect with; `undefined` in the first render, after changed options, and on a server. */
  readonly pass: StreamPass | undefined;
}

const IDLE: UseStreamPass = { pass: undefined, status: 'idle', answer: undefined, error: undefined };

/**
 * A StreamPass that lives as long as the component, and a render for each change of its state. It is made anew when what
 * it asks for changes; functions (`subjectToken`, `fetch`, `logger`) may be written inline, and the last ones are called.
 * Nothing is sent before the first `pass.token()` or `connect(pass, …)`: call them in an effect that depends on `pass`.
 */
export function useStreamPass(options: StreamPassOptions): UseStreamPass {
  const current = useRef(options);
  const [known, setKnown] = useState<{ readonly key: string; readonly use: UseStreamPass }>();
  const key = keyOf(options);

  useEffect(() => {
    current.current = options;
  });

  useEffect(() => {
    const pass = createStreamPass(latest(() => current.current));
    const show = (state: StreamPassState): void => setKnown({ key, use: { pass, ...state } });
    pass.on('changed', (state) => {
      if (state.status !== 'closed') show(state);
    });
    show(pass.current());
    return () => {
      pass.close();
      setKnown(undefined);
    };
  }, [key]);

  return known?.key === key ? known.use : IDLE;
}
