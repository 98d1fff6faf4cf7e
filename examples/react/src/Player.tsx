import { useEffect, useRef, useState } from 'react';
import { useStreamPass } from 'streampass-client/react';
import { keepOpen, red5Whep, watch } from 'streampass-client/whep';
import { settings } from './settings';
import { idToken } from './sign-in';
import { explain } from './words';

interface PlayerProps {
  readonly room: string;
  readonly onSignIn: () => void;
}

export function Player({ room, onSignIn }: PlayerProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [problem, setProblem] = useState<unknown>();
  const { pass, status } = useStreamPass({
    endpoint: settings.endpoint,
    audience: 'red5',
    scope: 'subscribe',
    transport: 'WHEP',
    room,
    subjectToken: idToken,
  });

  useEffect(() => {
    if (!pass) return;
    const stop = new AbortController();
    const address = red5Whep({ server: settings.mediaServer, room, stream: settings.stream });
    setProblem(undefined);
    keepOpen(
      (signal) => watch(pass, { address, signal }),
      ({ stream }) => {
        setProblem(undefined);
        if (video.current) video.current.srcObject = stream;
      },
      { signal: stop.signal, onFailure: setProblem },
    ).catch(setProblem);
    return () => stop.abort();
  }, [pass, room]);

  const { text, signInHelps } = explain(problem ?? '');
  return (
    <>
      <video ref={video} autoPlay muted playsInline />
      <p role="status">Token: {status}</p>
      {problem !== undefined && <p role="alert">{text}</p>}
      {signInHelps && <button onClick={onSignIn}>Sign in again</button>}
    </>
  );
}
