import type { User } from 'oidc-client-ts';
import { useState } from 'react';
import { Player } from './Player';
import { Publisher } from './Publisher';
import { mayPublish, userManager } from './sign-in';

export function App({ user }: { readonly user: User | null }) {
  const [room, setRoom] = useState('public-news');
  const signIn = () => void userManager.signinRedirect();
  if (!user) {
    return <button onClick={signIn}>Sign in</button>;
  }
  return (
    <>
      <p>
        {user.profile.name} <button onClick={() => void userManager.signoutRedirect()}>Sign out</button>
      </p>
      <label>
        Room{' '}
        <select value={room} onChange={(event) => setRoom(event.target.value)}>
          <option>public-news</option>
          <option>public-sport</option>
          <option>board-meeting</option>
        </select>
      </label>
      {mayPublish(user) ? <Publisher room={room} /> : <Player room={room} onSignIn={signIn} />}
    </>
  );
}
