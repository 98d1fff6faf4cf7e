import { decodePart } from './sign-in.ts';
import { timeOfDay } from './words.ts';

/** One line of the table of claims. */
export interface ClaimLine {
  readonly name: string;
  readonly value: string;
  readonly means: string;
}

type Meaning = string | ((value: unknown) => string);

const meanings: Readonly<Record<string, Meaning>> = {
  alg: 'how it is signed',
  kid: 'which version of the secret signed it',
  typ: 'what it is',
  sub: 'who it is for',
  iss: 'who issued it',
  aud: 'who is to accept it',
  exp: (value) => `ends at ${timeOfDay(Number(value) * 1000)}`,
  iat: (value) => `issued at ${timeOfDay(Number(value) * 1000)}`,
  jti: 'its own id, for logs',
  session: 'which visit it belongs to, for logs',
  for: 'for whom and which sign-in, as hashes',
  roles: 'what may be done',
  'red5-transport': 'over these transports only',
  'red5-room': 'in this room only',
  room: (value) => (value === '*' ? 'in any room' : 'in this room only'),
  'context.user.id': 'who it is for',
  'context.user.moderator': (value) => (value === true ? 'may moderate' : 'may not moderate'),
  'rtcStats.user': 'who reports',
  'rtcStats.session': 'in which session',
  'rtcStats.conference': 'in this room only',
};

/** The header's and payload's members, one line each, with what the media server reads in them. */
export function claimLines(token: string): readonly ClaimLine[] {
  const [header, payload] = token.split('.').map(decodePart);
  // Jitsi's `sub` is not a person.
  const isJitsi = payload !== undefined && 'context' in payload;
  return [...flatten(header), ...flatten(payload)].map(([name, value]) => {
    const meaning = name === 'sub' && isJitsi ? "the server's domain" : (meanings[name] ?? '');
    return {
      name,
      value: typeof value === 'string' ? value : JSON.stringify(value),
      means: typeof meaning === 'string' ? meaning : meaning(value),
    };
  });
}

/** The `kid` of a token's header. */
export function kidOfToken(token: string): string {
  return String(decodePart(token.split('.')[0])['kid'] ?? '');
}

function flatten(members: Readonly<Record<string, unknown>> = {}, prefix = ''): [string, unknown][] {
  return Object.entries(members).flatMap(([name, value]): [string, unknown][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? flatten(value as Record<string, unknown>, `${prefix}${name}.`)
      : [[prefix + name, value]],
  );
}
