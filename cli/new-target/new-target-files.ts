/**
 * The files of another kind of media server, and those that get a row for it: paths and texts.
 *
 * @param name the target's function and folder, such as `oryx`
 * @param read reads a file of the repository
 */
export function newTargetFiles(
  name: string,
  read: (path: string) => string,
): readonly (readonly [path: string, text: string])[] {
  const index = 'lib/media-servers/index.ts';
  const rows = 'test/media-servers/conformance/index.ts';
  const page = 'docs/servers.md';
  return [
    [`lib/media-servers/${name}/claims.ts`, claimsFile(name)],
    [index, `${read(index)}export { ${name} } from './${name}/claims.ts';\n`],
    [`test/media-servers/conformance/${name}.ts`, conformanceFile(name)],
    [
      rows,
      read(rows)
        .replace(/(?=import type \{ ConformingServer \})/, `import { ${name}Server } from './${name}.ts';\n`)
        .replace(/(?=\};\n$)/, `  ${name}: ${name}Server,\n`),
    ],
    [
      page,
      read(page)
        .replace(
          /(?<=\n)(?=\nThe header is)/,
          `| \`${name}()\` | ES256 | fetch public keys | nothing is pushed |\n`,
        )
        .replace(/(?=## Public keys\n)/, section(name)),
    ],
  ];
}

const titleOf = (name: string): string => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;

const claimsFile = (name: string): string => `import * as v from 'valibot';
import { defineTarget, targetOptions, type TargetOptions } from '../define-target.ts';
import { readRooms, readText } from '../read-claims.ts';
import type { ClaimedGrant, ClaimsInput, ServerClaims } from '../target.ts';

/** Options of the target \`${name}(…)\`. */
export type ${titleOf(name)}Options = TargetOptions;

const schema: v.GenericSchema<unknown, ${titleOf(name)}Options> = v.strictObject(targetOptions);

const ACTIONS = ['publish', 'subscribe'];

/** ${name}: which claims it reads, what it does without them, and where that is written. */
export const ${name} = defineTarget('${name}', schema, (options) => ({
  signing: 'ES256',
  keys: 'jwks',
  longestToken: options.longestToken ?? 3600,
  actions: ACTIONS,
  transports: [],
  roomsPerToken: 1,
  takesSession: false,
  foldsRoomCase: false,
  claims: to${titleOf(name)}Claims,
  readClaims: read${titleOf(name)}Claims,
}));

/** Every restriction is stated: a server may take a claim that is absent for a permission. */
function to${titleOf(name)}Claims({ grant, subject }: ClaimsInput): ServerClaims {
  return { sub: subject, actions: grant.actions, room: grant.rooms === '*' ? '*' : grant.rooms[0] };
}

function read${titleOf(name)}Claims({ sub, actions, room }: ServerClaims): ClaimedGrant | undefined {
  const subject = readText(sub);
  const rooms = room === '*' ? '*' : readRooms(room);
  if (subject === undefined || rooms === undefined || !Array.isArray(actions)) return undefined;
  const known = ACTIONS.filter((action) => actions.includes(action));
  return known.length === actions.length && known.length > 0
    ? { subject, actions: known, rooms, transports: [] }
    : undefined;
}
`;

const conformanceFile = (
  name: string,
): string => `import { createLocalJWKSet, exportJWK, jwtVerify } from 'jose';
import * as v from 'valibot';
import { ${name} } from '../../../lib/media-servers/index.ts';
import type { ConformingServer } from './server.ts';

/** ${name}, by its documentation: where each rule is from. */
export const ${name}Server: ConformingServer = {
  target: ${name}({}),
  longest: 480,
  async decide(token, keys, now) {
    const jwks = await Promise.all(
      keys.map(async ({ kid, alg, key }) => ({ ...(await exportJWK(key)), kid, alg })),
    );
    const currentDate = new Date(now * 1000);
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: jwks }), { currentDate });
    const claims = v.parse(v.object({ actions: v.array(v.string()), room: v.string() }), payload);
    return ({ action, room }) =>
      claims.actions.includes(action) && (claims.room === '*' || claims.room === room);
  },
};
`;

const section = (name: string): string => `## ${titleOf(name)}

\`\`\`ts
targets: {
  ${name}: ${name}({}),
},
\`\`\`

\`\`\`json
{
  "sub": "person-1",
  "actions": ["publish", "subscribe"],
  "room": "lobby",
  "iat": 1900000000,
  "exp": 1900003600,
  "jti": "…",
  "for": "…"
}
\`\`\`

How the server is set up, and where each fact is from.

`;
