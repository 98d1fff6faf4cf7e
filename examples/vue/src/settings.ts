/** Where the services are. As they stand, these are those of `npm start`. */
export const settings = {
  endpoint: setting('VITE_TOKEN_ENDPOINT', 'http://localhost:3000/token'),
  issuer: setting('VITE_ISSUER', 'http://localhost:3001'),
  clientId: setting('VITE_CLIENT_ID', 'streampass-demo'),
  mediaServer: setting('VITE_MEDIA_SERVER', 'http://localhost:3004'),
  stream: 'main',
};

function setting(name: string, local: string): string {
  const value: unknown = import.meta.env[name];
  return typeof value === 'string' ? value : local;
}
