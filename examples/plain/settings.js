/** Where the services are. As they stand, these are those of `npm start`. */
export const settings = {
  endpoint: 'http://localhost:3000/token',
  issuer: 'http://localhost:3001',
  clientId: 'streampass-demo',
  mediaServer: 'http://localhost:3004',
  stream: 'main',
};
