import type { DemoConfig } from '../demo-config.ts';
import type { Asked } from './asked.ts';

/** Where `npm run id-token` asks by itself. */
const USUAL_ISSUER = 'http://localhost:3001';

/** What an app writes to get the token that was asked for, and to connect with it. */
export function clientCode({ server, audiences, room, scope, transport }: Asked, endpoint: string): string {
  const audience = audiences.length === 1 ? server.target : audiences;
  const options = Object.entries({ endpoint, audience, room, scope, transport })
    .filter((option): option is [string, string | readonly string[]] => option[1] !== undefined)
    .map(
      ([name, value]) =>
        `  ${name}: ${typeof value === 'string' ? literal(value) : `[${value.map(literal).join(', ')}]`},`,
    );
  const { imports, lines } = connection(server, room, scope);
  return [
    `import { ${['createStreamPass', ...imports.core].join(', ')} } from 'streampass-client';`,
    ...imports.entry,
    '',
    'const pass = createStreamPass({',
    ...options,
    '  subjectToken: async () => (await userManager.getUser())?.id_token,',
    '});',
    ...lines,
  ].join('\n');
}

/** The same exchange with curl, by a user of the local provider. */
export function curlCode(
  { audiences, room, scope, transport }: Asked,
  { tokenEndpoint, oidcIssuer }: Pick<DemoConfig, 'tokenEndpoint' | 'oidcIssuer'>,
  user: string,
): string {
  const form = Object.entries({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    audience: audiences,
    room,
    scope,
    transport,
  }).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `  --data-urlencode ${shell(`${name}=${one}`)} \\`),
  );
  const issuer = oidcIssuer === USUAL_ISSUER ? '' : `OIDC_ISSUER=${oidcIssuer} `;
  return [
    `ID_TOKEN=$(${issuer}npm run -s id-token -- ${shell(user)})`,
    `curl -s ${tokenEndpoint} \\`,
    ...form,
    '  -d subject_token=$ID_TOKEN',
  ].join('\n');
}

interface Connection {
  readonly imports: { readonly core: readonly string[]; readonly entry: readonly string[] };
  readonly lines: readonly string[];
}

function connection({ kind, url }: Asked['server'], room = 'any-room', scope = ''): Connection {
  if (kind === 'jitsi') {
    return {
      imports: { core: ['jitsiOptions'], entry: [] },
      lines: [
        'const token = await pass.token();',
        `new JitsiMeetExternalAPI(domain, { roomName: ${literal(room)}, ...jitsiOptions(token) });`,
      ],
    };
  }
  if (kind === 'rtcstats') {
    return {
      imports: {
        core: [],
        entry: [`import { connectRtcstats } from 'streampass-client/rtcstats';`],
      },
      lines: [`const socket = await connectRtcstats(pass, ${literal(url.replace(/^http/, 'ws'))});`],
    };
  }
  const publishes = scope.split(' ').includes('publish');
  const [open, addressOf] = publishes ? ['publish', 'red5Whip'] : ['watch', 'red5Whep'];
  const address = `${addressOf}({ server: ${literal(url)}, room: ${literal(room)}, stream: 'main' })`;
  return {
    imports: {
      core: [],
      entry: [`import { ${open}, ${addressOf} } from 'streampass-client/whep';`],
    },
    lines: [
      `const address = ${address};`,
      ...(publishes
        ? [
            'const camera = await navigator.mediaDevices.getUserMedia({ video: true });',
            'await publish(pass, camera, { address });',
          ]
        : ['const player = await watch(pass, { address });', 'video.srcObject = player.stream;']),
    ],
  };
}

/** A string as JavaScript. */
function literal(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/** A word as a shell takes it. */
function shell(word: string): string {
  return /^[\w.:=/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
