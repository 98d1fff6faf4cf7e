import { useEffect, useRef, useState } from 'react';
import { useStreamPass } from 'streampass-client/react';
import { publish, red5Whip } from 'streampass-client/whep';
import { settings } from './settings';
import { idToken } from './sign-in';
import { explain } from './words';

export function Publisher({ room }: { readonly room: string }) {
  const video = useRef<HTMLVideoElement>(null);
  const stop = useRef<AbortController>(undefined);
  const [state, setState] = useState('');
  const { pass } = useStreamPass({
    endpoint: settings.endpoint,
    audience: 'red5',
    scope: 'publish',
    transport: 'WHIP',
    room,
    subjectToken: idToken,
  });

  useEffect(() => () => stop.current?.abort(), [pass]);

  async function start() {
    if (!pass) return;
    const { signal } = (stop.current = new AbortController());
    try {
      const camera = await navigator.mediaDevices.getUserMedia({ video: true });
      if (video.current) video.current.srcObject = camera;
      signal.addEventListener('abort', () => camera.getTracks().forEach((track) => track.stop()));
      const address = red5Whip({ server: settings.mediaServer, room, stream: settings.stream });
      const session = await publish(pass, camera, { address, signal });
      setState('On air');
      await session.closed;
      setState('Off air');
    } catch (error) {
      if (!signal.aborted) setState(explain(error).text);
    }
  }

  return (
    <>
      <video ref={video} autoPlay muted playsInline />
      <button onClick={() => void start()}>Go on air</button>
      <p role="status">{state}</p>
    </>
  );
}
