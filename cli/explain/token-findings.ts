import type { JsonObject } from '../../lib/jws/compact.ts';
import { isJsonObject } from '../../lib/jws/compact.ts';
import type { Target } from '../../lib/media-servers/target.ts';
import { duration } from './wording.ts';

/** One line about a token. `bad` if its server refuses the token for it, or if the token allows too much. */
export interface Finding {
  readonly bad: boolean;
  readonly text: string;
}

const bad = (text: string): Finding => ({ bad: true, text });
const good = (text: string): Finding => ({ bad: false, text });

/**
 * The findings about a token's header and claims for one kind of server, without the signature. A server names only the first
 * mistake; this names all of them, and also what the server silently ignores.
 *
 * @param now epoch seconds
 */
export function findingsOf(
  target: Target,
  header: JsonObject,
  claims: JsonObject,
  now: number,
): readonly Finding[] {
  const own: Readonly<Record<string, typeof jitsiFindings>> = {
    cat: catFindings,
    jitsi: jitsiFindings,
    moqRelay: moqRelayFindings,
    moqx: moqxFindings,
    red5: red5Findings,
    rtcstats: rtcstatsFindings,
  };
  return [
    algorithm(target, header),
    ...keyId(target, header),
    ...expiry(target, claims, now),
    ...notBefore(claims, now),
    ...(own[target.kind]?.(target, header, claims) ?? []),
  ];
}

function algorithm(target: Target, { alg }: JsonObject): Finding {
  const also = target.kind === 'rtcstats' ? ['HS384', 'HS512'] : [];
  return [target.signing, ...also].some((name) => name === alg)
    ? good(`alg is ${String(alg)}`)
    : bad(`alg is ${shown(alg)}: it must be ${target.signing}, in exactly this spelling`);
}

/** LiveKit looks its key up by `iss`, which is for its claims to say. */
function keyId({ kind, keys }: Target, { kid }: JsonObject): readonly Finding[] {
  if (keys === 'single' || kind === 'livekit' || typeof kid === 'string') return [];
  return [bad('kid is missing: the server finds the key by it')];
}

function expiry({ kind, serverLimit }: Target, { exp }: JsonObject, now: number): readonly Finding[] {
  if (exp === undefined) {
    return [
      bad(
        kind === 'red5' ? 'exp is missing: the server requires it' : 'exp is missing: the token never ends',
      ),
    ];
  }
  if (typeof exp !== 'number') return [bad('exp must be a number of seconds')];
  const left = exp - now;
  if (left <= 0) return [bad(`exp: it expired ${duration(-left)} ago; the server allows no leeway`)];
  if (left > 10 * 365 * 86_400) return [bad('exp is years ahead: is it in milliseconds?')];
  if (serverLimit !== undefined && left > serverLimit) {
    return [
      bad(
        `exp is ${duration(left)} ahead, and the server allows ${duration(serverLimit)} from its current time, whatever iat is: issue tokens that are a minute shorter`,
      ),
    ];
  }
  return [good(`exp: the token is valid for another ${duration(left)}`)];
}

function notBefore({ nbf }: JsonObject, now: number): readonly Finding[] {
  if (nbf === undefined) return [];
  if (typeof nbf !== 'number') return [bad('nbf must be a number of seconds')];
  return nbf > now
    ? [
        bad(
          `nbf: the token is valid only from ${duration(nbf - now)} on; servers without leeway refuse it until then, so leave nbf out`,
        ),
      ]
    : [];
}

function jitsiFindings(target: Target, header: JsonObject, claims: JsonObject): readonly Finding[] {
  const { aud, sub, room, context, iss } = claims;
  const user = isJsonObject(context) ? context['user'] : undefined;
  return [
    ...(header['typ'] === 'JWT'
      ? []
      : [bad(`typ is ${shown(header['typ'])}: it must be JWT, in upper case`)]),
    ...(iss === target.issuer
      ? []
      : [bad(`iss is ${shown(iss)}: it must be the app id ${shown(target.issuer)}`)]),
    ...audience(aud, target.audience),
    ...(sub === target.domain
      ? []
      : [bad(`sub is ${shown(sub)}: it must be the domain ${shown(target.domain)}, not the user`)]),
    ...(typeof room === 'string' && room !== ''
      ? [good(room === '*' ? 'room is *: any room' : `room is ${room}; the server compares it in lower case`)]
      : [bad('room must be a string, one name or *: otherwise the server never answers')]),
    ...(context === undefined || isJsonObject(user)
      ? []
      : [bad('context.user must be an object: if it is null or an array, the server never answers')]),
    ...(claims['moderator'] === undefined
      ? []
      : [bad('moderator is a claim of its own, which the server ignores: put it into context.user')]),
    ...(isJsonObject(user) && user['moderator'] === true
      ? [good('context.user.moderator makes the user a moderator if mod_token_affiliation is loaded')]
      : []),
  ];
}

function audience(aud: unknown, expected: string | undefined): readonly Finding[] {
  if (aud === expected) return [];
  return [
    bad(
      Array.isArray(aud)
        ? 'aud is an array: it must be one string'
        : `aud is ${shown(aud)}: it must be ${shown(expected)}`,
    ),
  ];
}

function red5Findings(target: Target, _header: JsonObject, claims: JsonObject): readonly Finding[] {
  const { iss } = claims;
  return [
    ...(iss === target.issuer
      ? []
      : [bad(`iss is ${shown(iss)}: it must be ${shown(target.issuer)} (jwt.issuer)`)]),
    list(claims, 'roles', 'both roles are allowed'),
    list(claims, 'red5-transport', 'every transport is allowed, SRT and MPEG-TS too'),
    list(claims, 'red5-room', 'any room is allowed'),
  ];
}

/** A claim in which Red5 reads several texts between commas. */
function list(claims: JsonObject, name: string, whenAbsent: string): Finding {
  const value = claims[name];
  if (value === undefined || value === '')
    return name === 'red5-room'
      ? good(`${name} is absent: ${whenAbsent}`)
      : bad(`${name} is absent: ${whenAbsent}`);
  if (typeof value !== 'string')
    return bad(
      `${name} must be one string with commas, not ${Array.isArray(value) ? 'an array' : shown(value)}`,
    );
  const entries = value.split(',');
  if (entries.some((entry) => entry === '' || entry !== entry.trim())) {
    return bad(
      `${name} is ${shown(value)}: remove blanks beside commas, and commas at the beginning or the end`,
    );
  }
  if (
    name === 'roles' &&
    !entries.every((entry) => entry === 'red5-publisher' || entry === 'red5-subscriber')
  ) {
    return bad(`roles is ${shown(value)}: Red5 knows only red5-publisher and red5-subscriber`);
  }
  return good(`${name}: ${entries.join(' or ')}`);
}

function rtcstatsFindings(_target: Target, _header: JsonObject, claims: JsonObject): readonly Finding[] {
  const { rtcStats } = claims;
  const beside = ['user', 'session', 'conference'].filter((name) => claims[name] !== undefined);
  return [
    ...(isJsonObject(rtcStats)
      ? ['user', 'session', 'conference'].map((name) =>
          typeof rtcStats[name] === 'string' || (name === 'conference' && rtcStats[name] === undefined)
            ? good(`rtcStats.${name} is ${shown(rtcStats[name])}`)
            : bad(`rtcStats.${name} is ${shown(rtcStats[name])}: it must be a string`),
        )
      : [
          bad(
            'rtcStats is missing: the token is accepted, and user, session and conference are stored as NULL',
          ),
        ]),
    ...(beside.length === 0
      ? []
      : [
          bad(
            `${beside.join(', ')} are outside of rtcStats, where the server ignores them: put them into rtcStats`,
          ),
        ]),
  ];
}

function catFindings(target: Target, _header: JsonObject, claims: JsonObject): readonly Finding[] {
  const { iss, catu, catm } = claims;
  const isList = Array.isArray(catm);
  return [
    ...(iss === target.issuer ? [] : [bad(`iss is ${shown(iss)}: it must be ${shown(target.issuer)}`)]),
    isJsonObject(catu)
      ? good(`catu: ${shown(catu)}`)
      : bad('catu is missing or not a map: the token is valid for any address'),
    isList ? good(`catm: ${catm.join(', ')}`) : bad('catm is missing or not an array: any method is allowed'),
  ];
}

function moqxFindings(_target: Target, _header: JsonObject, { moqt }: JsonObject): readonly Finding[] {
  return [Array.isArray(moqt) ? good(`moqt: ${shown(moqt)}`) : bad('moqt is missing: nothing is allowed')];
}

/** moq-dev/moq `doc/bin/relay/auth.md`, "Claims". */
const MOQ_RELAY_CLAIMS = [
  'root',
  'put',
  'get',
  'publish',
  'subscribe',
  'exp',
  'iat',
  'nbf',
  'iss',
  'sub',
  'jti',
];

function moqRelayFindings(_target: Target, _header: JsonObject, claims: JsonObject): readonly Finding[] {
  const unknown = Object.keys(claims).filter((name) => !MOQ_RELAY_CLAIMS.includes(name));
  const { root } = claims;
  return [
    ...(unknown.length === 0
      ? []
      : [bad(`${unknown.join(', ')}: the relay refuses claims that it does not know`)]),
    root === undefined || root === '' ? good('root is empty: any path') : good(`root is ${shown(root)}`),
  ];
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 80);
}
