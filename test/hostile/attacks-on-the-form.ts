import { ACCESS_TOKEN, FORM, VIEWING, byParameters, formOf, rawRequest, request, tokenOf } from './attack.ts';
import type { ApiGatewayEvent } from '../../lib/api-gateway/event.ts';
import type { Attack } from './attack.ts';

const CONTENT_TYPE = '400 invalid_request content_type';
const MISSING = '400 invalid_request parameter_missing';
const REPEATED = '400 invalid_request parameter_repeated';
const EMPTY = '400 invalid_request parameter_empty';
const GRANT_TYPE = '400 unsupported_grant_type grant_type_unsupported';
const TOKEN_TYPE = '400 invalid_request subject_token_type_unsupported';
const REQUESTED = '400 invalid_request requested_token_type_unsupported';
const EXPIRES_IN = '400 invalid_request expires_in_invalid';
const TOO_LARGE = '400 invalid_request body_too_large';

const contentTypes: readonly Attack[] = [
  ['says nothing of the body’s type', '', CONTENT_TYPE],
  ['sends JSON', 'application/json', CONTENT_TYPE],
  ['sends multipart', 'multipart/form-data; boundary=x', CONTENT_TYPE],
  ['sends text, which needs no preflight either', 'text/plain', CONTENT_TYPE],
  ['sends a type that only begins like a form’s', `${FORM}x`, CONTENT_TYPE],
  ['sends two types in one header', `${FORM}, application/json`, CONTENT_TYPE],
  ['sends another character set, as it may', `${FORM}; charset=iso-8859-1`, VIEWING],
  ['names ASCII, as it may', `${FORM};charset=US-ASCII`, VIEWING],
  ['sends a character set that does not fit the body', `${FORM}; charset=utf-16le`, CONTENT_TYPE],
  ['sends a character set that nobody knows', `${FORM}; charset=klingon`, CONTENT_TYPE],
  ['sends an empty character set', `${FORM}; charset=`, CONTENT_TYPE],
  ['sends UTF-7, which hides characters', `${FORM}; charset=utf-7`, CONTENT_TYPE],
  ['sends two character sets', `${FORM}; charset=utf-8; charset=utf-16`, CONTENT_TYPE],
  ['sends an unknown parameter of the type', `${FORM}; boundary=x`, CONTENT_TYPE],
  ['sends a type with a line break', `${FORM}\r\nx: y`, CONTENT_TYPE],
  ['pads the type with 9,000 blanks', `${FORM};${' '.repeat(9000)}x`, CONTENT_TYPE],
  ['pads the type with 9,000 semicolons, as it may', `${FORM}${';'.repeat(9000)}`, VIEWING],
  ['sends the type in upper case, as it may', `${FORM.toUpperCase()}; CHARSET="UTF-8"`, VIEWING],
].map(([attack = '', type = '', outcome = '']) => ({
  attack,
  event: (issuer) => rawRequest(formOf(issuer), { 'content-type': type }),
  outcome,
}));

const bodies: readonly Attack[] = [
  { attack: 'sends no body', event: () => rawRequest(''), outcome: MISSING },
  {
    attack: 'sends no headers',
    event: (issuer) => ({ ...rawRequest(formOf(issuer)), headers: {} }),
    outcome: CONTENT_TYPE,
  },
  {
    attack: 'sends the parameters in the address',
    event: (issuer) => ({ ...rawRequest(''), rawQueryString: formOf(issuer) }),
    outcome: MISSING,
  },
  {
    attack: 'sends JSON and calls it a form',
    event: () => rawRequest('{"grant_type":"x"}'),
    outcome: MISSING,
  },
  {
    attack: 'sends text and calls it base64',
    event: (issuer) => ({ ...rawRequest(formOf(issuer)), isBase64Encoded: true }),
    outcome: MISSING,
  },
  {
    attack: 'sends base64 and calls it text',
    event: (issuer) => rawRequest(Buffer.from(formOf(issuer)).toString('base64')),
    outcome: MISSING,
  },
  {
    attack: 'sends base64 as API Gateway does, which is none',
    event: (issuer) => ({
      ...rawRequest(Buffer.from(formOf(issuer)).toString('base64')),
      isBase64Encoded: true,
    }),
    outcome: VIEWING,
  },
  {
    attack: 'sends 65,536 bytes, which may be',
    event: (issuer) => rawRequest(`${formOf(issuer)}&x=`.padEnd(65_536, 'x')),
    outcome: VIEWING,
  },
  {
    attack: 'sends 65,537 bytes',
    event: (issuer) => rawRequest(`${formOf(issuer)}&x=`.padEnd(65_537, 'x')),
    outcome: TOO_LARGE,
  },
  {
    attack: 'sends 65,537 bytes in base64',
    event: (issuer) => ({
      ...rawRequest(Buffer.from(`${formOf(issuer)}&x=`.padEnd(65_537, 'x')).toString('base64')),
      isBase64Encoded: true,
    }),
    outcome: TOO_LARGE,
  },
  {
    attack: 'sends few characters of many bytes',
    event: (issuer) => rawRequest(`${formOf(issuer)}&x=${'€'.repeat(22_000)}`),
    outcome: TOO_LARGE,
  },
  { attack: 'sends five megabytes', event: () => rawRequest('a'.repeat(5_000_000)), outcome: TOO_LARGE },
  { attack: 'sends 60,000 separators', event: () => rawRequest('&'.repeat(60_000)), outcome: MISSING },
  { attack: 'sends 60,000 equal signs', event: () => rawRequest('='.repeat(60_000)), outcome: MISSING },
  {
    attack: 'sends 5,000 parameters of other names',
    event: (issuer) =>
      rawRequest(`${formOf(issuer)}${Array.from({ length: 5000 }, (_, n) => `&p${n}=1`).join('')}`),
    outcome: VIEWING,
  },
  {
    attack: 'sends bytes that are not in the character set that it names',
    event: (issuer) => ({
      ...rawRequest(Buffer.concat([Buffer.from(formOf(issuer)), Buffer.of(0xc3, 0x28)]).toString('base64'), {
        'content-type': `${FORM}; charset=utf-8`,
      }),
      isBase64Encoded: true,
    }),
    outcome: CONTENT_TYPE,
  },
  {
    attack: 'sends bytes that are not UTF-8 for a room',
    event: (issuer) => rawRequest(`${formOf(issuer, { room: undefined })}&room=public-%C3%28`),
    outcome: '400 invalid_request room_malformed',
  },
  {
    attack: 'sends an overlong form of a slash',
    event: (issuer) => rawRequest(`${formOf(issuer, { room: undefined })}&room=public-%C0%AF`),
    outcome: '400 invalid_request room_malformed',
  },
  {
    attack: 'encodes twice',
    event: (issuer) => rawRequest(`${formOf(issuer, { room: undefined })}&room=public-%252e`),
    outcome: '400 invalid_request room_malformed',
  },
  {
    attack: 'ends the form at a semicolon',
    event: (issuer) => rawRequest(formOf(issuer).replaceAll('&', ';')),
    outcome: GRANT_TYPE,
  },
  {
    attack: 'repeats a parameter under an encoded name',
    event: (issuer) => rawRequest(`${formOf(issuer)}&%72oom=public-b`),
    outcome: REPEATED,
  },
  {
    attack: 'hides a parameter behind a NUL',
    event: (issuer) => rawRequest(formOf(issuer).replace('grant_type', 'grant_type%00')),
    outcome: MISSING,
  },
  {
    attack: 'writes a parameter as a list',
    event: (issuer) => rawRequest(formOf(issuer).replace('room=', 'room[]=')),
    outcome: '400 invalid_scope room_not_allowed',
  },
  {
    attack: 'writes a parameter in upper case',
    event: (issuer) => rawRequest(formOf(issuer).replace('audience=', 'AUDIENCE=')),
    outcome: MISSING,
  },
  {
    attack: 'names the prototype as a parameter',
    event: (issuer) => rawRequest(`${formOf(issuer)}&__proto__=x&constructor=y&__proto__.scope=publish`),
    outcome: VIEWING,
  },
];

const repeated = byParameters(
  [
    ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
    ['subject_token', 'x'],
    ['subject_token_type', ACCESS_TOKEN],
    ['scope', 'subscribe'],
    ['room', 'public-a'],
    ['transport', 'WHEP'],
    ['expires_in', '60'],
    ['session', 's-1'],
    ['requested_token_type', 'urn:ietf:params:oauth:token-type:jwt'],
  ].map(([name = '', value = '']) => [`sends ${name} twice`, { [name]: [value, value] }, REPEATED]),
);

const required = byParameters(
  ['grant_type', 'subject_token', 'subject_token_type', 'audience'].flatMap((name) => [
    [`leaves ${name} out`, { [name]: undefined }, MISSING] as const,
    [`sends ${name} empty`, { [name]: '' }, MISSING] as const,
  ]),
);

const values = byParameters([
  ['sends room empty, to mean any', { room: '' }, EMPTY],
  ['sends scope empty, to mean all', { scope: '' }, EMPTY],
  ['sends transport empty, to mean any', { transport: '' }, EMPTY],
  ['asks with an authorization code', { grant_type: 'authorization_code' }, GRANT_TYPE],
  ['asks with a password', { grant_type: 'password' }, GRANT_TYPE],
  ['asks with client credentials', { grant_type: 'client_credentials' }, GRANT_TYPE],
  ['asks with a refresh token', { grant_type: 'refresh_token' }, GRANT_TYPE],
  ['asks with a JWT bearer grant', { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' }, GRANT_TYPE],
  [
    'spells the grant type in upper case',
    { grant_type: 'URN:IETF:PARAMS:OAUTH:GRANT-TYPE:TOKEN-EXCHANGE' },
    GRANT_TYPE,
  ],
  [
    'adds a blank to the grant type',
    { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange ' },
    GRANT_TYPE,
  ],
  ['names the prototype as grant type', { grant_type: '__proto__' }, GRANT_TYPE],
  [
    'sends a refresh token',
    { subject_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
    TOKEN_TYPE,
  ],
  ['sends a SAML 2 assertion', { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, TOKEN_TYPE],
  ['names a token type without its urn', { subject_token_type: 'id_token' }, TOKEN_TYPE],
  ['names a token type in upper case', { subject_token_type: ACCESS_TOKEN.toUpperCase() }, TOKEN_TYPE],
  ['names the prototype as token type', { subject_token_type: '__proto__' }, TOKEN_TYPE],
  ['names a method as token type', { subject_token_type: 'toString' }, TOKEN_TYPE],
  [
    'asks for a refresh token',
    { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
    REQUESTED,
  ],
  ['asks for an ID token', { requested_token_type: 'urn:ietf:params:oauth:token-type:id_token' }, REQUESTED],
  ['asks for an access token, as it may', { requested_token_type: ACCESS_TOKEN }, VIEWING],
  ['leaves requested_token_type empty, as it may', { requested_token_type: '' }, VIEWING],
  ['asks for 59 seconds', { expires_in: '59' }, EXPIRES_IN],
  ['asks for no time', { expires_in: '0' }, EXPIRES_IN],
  ['asks for negative time', { expires_in: '-60' }, EXPIRES_IN],
  ['writes a sign', { expires_in: '+60' }, EXPIRES_IN],
  ['writes a fraction', { expires_in: '60.5' }, EXPIRES_IN],
  ['writes an exponent', { expires_in: '1e3' }, EXPIRES_IN],
  ['writes hexadecimal digits', { expires_in: '0xFF' }, EXPIRES_IN],
  ['writes digits of another script', { expires_in: '６００' }, EXPIRES_IN],
  ['writes a blank', { expires_in: ' 600' }, EXPIRES_IN],
  ['writes a line break', { expires_in: '600\n' }, EXPIRES_IN],
  ['writes NaN', { expires_in: 'NaN' }, EXPIRES_IN],
  ['writes Infinity', { expires_in: 'Infinity' }, EXPIRES_IN],
  ['writes ten digits', { expires_in: '9999999999' }, EXPIRES_IN],
  ['asks for thirty years', { expires_in: '999999999' }, VIEWING],
  ['leaves expires_in empty, as it may', { expires_in: '' }, VIEWING],
  ['asks for a minute', { expires_in: '000000060' }, '200 subscribe in public-a over WHEP for 60 s'],
  ['names actor_token, which nothing reads', { actor_token: 'x', actor_token_type: 'y' }, VIEWING],
  ['names a resource, which nothing reads', { resource: 'https://evil.example' }, VIEWING],
  ['names a client, which nothing reads', { client_id: 'admin', client_secret: 'x' }, VIEWING],
]);

const methods: readonly Attack[] = ['GET', 'PUT', 'post', 'OPTIONS', ''].map((method) => ({
  attack: `sends the form by ${method || 'no method'}`,
  event: (issuer) => ({
    ...request(issuer),
    requestContext: { domainName: 'api.example.com', http: { method } },
  }),
  outcome: '400 invalid_request method',
}));

/** What other senders than API Gateway's payload format 2.0 hand over. */
const senders: readonly Attack[] = [
  {
    attack: 'comes in payload format 1.0, as it may',
    event: (issuer) =>
      ({
        version: '1.0',
        resource: '/token',
        path: '/token',
        httpMethod: 'POST',
        headers: { 'Content-Type': FORM },
        body: formOf(issuer),
        requestContext: { path: '/token', domainName: 'api.example.com', identity: {} },
      }) as ApiGatewayEvent,
    outcome: VIEWING,
  },
  {
    attack: 'comes through a load balancer, as it may',
    event: (issuer) =>
      ({
        requestContext: { elb: { targetGroupArn: 'arn' }, domainName: 'api.example.com' },
        httpMethod: 'POST',
        path: '/token',
        multiValueHeaders: { 'content-type': [FORM] },
        body: Buffer.from(formOf(issuer)).toString('base64'),
        isBase64Encoded: true,
      }) as ApiGatewayEvent,
    outcome: VIEWING,
  },
  {
    attack: 'sends two content types in payload format 1.0',
    event: (issuer) =>
      ({
        ...rawRequest(formOf(issuer)),
        multiValueHeaders: { 'Content-Type': [FORM, FORM] },
      }) as ApiGatewayEvent,
    outcome: CONTENT_TYPE,
  },
];

const audiences = byParameters([
  ['repeats a target, which counts once', { audience: ['red5', 'red5'] }, VIEWING],
  ['adds an empty target, which counts as none', { audience: ['red5', ''] }, VIEWING],
  ['sends empty targets alone', { audience: ['', ''] }, MISSING],
  ['names two targets in one value', { audience: 'red5 jitsi' }, '400 invalid_target target_unknown'],
  ['names five targets', { audience: ['a', 'b', 'c', 'd', 'e'] }, '400 invalid_request too_many_audiences'],
  [
    'hides an unknown target behind a known one',
    { audience: ['red5', 'nothing'] },
    '400 invalid_target target_unknown',
  ],
]);

/** The form is judged before the token, so that its mistakes are told to everyone; what follows it, to nobody. */
const order: readonly Attack[] = [
  {
    attack: 'probes target names without a sign-in',
    event: (issuer) => request(issuer, { subject_token: 'x', audience: 'nothing' }),
    outcome: '400 invalid_request subject_token_malformed',
  },
  {
    attack: 'probes the transports of a target without a sign-in',
    event: (issuer) => request(issuer, { subject_token: 'x', transport: 'SRT' }),
    outcome: '400 invalid_request subject_token_malformed',
  },
  {
    attack: 'probes rooms with a token that has expired',
    event: (issuer) =>
      request(issuer, { subject_token: tokenOf(issuer, { exp: 1_000_000_000 }), room: 'vip' }),
    outcome: '400 invalid_request subject_token_expired',
  },
];

/** Attacks on the form of a request. */
export const attacksOnTheForm: readonly Attack[] = [
  ...contentTypes,
  ...bodies,
  ...methods,
  ...senders,
  ...audiences,
  ...repeated,
  ...required,
  ...values,
  ...order,
];
