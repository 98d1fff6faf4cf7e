import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { finishSignIn } from './sign-in';

const user = await finishSignIn();
const root = document.getElementById('app');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App user={user} />
    </StrictMode>,
  );
}
